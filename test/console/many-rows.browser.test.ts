// A hundred thousand dead letters in one table.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { openBrowser, openPage, serve, type Served } from "./browser.ts";
import { until } from "./eventually-in-node.ts";

describe("a hundred thousand rows", () => {
  let served: Served;
  let browser: Browser;
  before(async () => {
    [served, browser] = await Promise.all([serve("staged-many"), openBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await served?.stop();
  });

  test("scroll to the last one, and the page never holds more than a screenful", async () => {
    const { page, complaints, close } = await openPage(browser, served, "/console/messages");
    await page.waitForSelector(".letter-row");
    const counts = page.locator(".selection-bar p");
    await page.locator("text=Select all matching").click();
    const counted = async () => (await counts.innerText()).includes("All 100\u202f000 that match");
    await until("the server has counted them", counted);
    assert.match(await counts.innerText(), /All 100\u202f000 that match chosen/);
    const scroller = page.locator(".letter-scroll");
    await page.waitForFunction(
      () => {
        const element = document.querySelector(".letter-scroll");
        element?.scrollTo(0, element.scrollHeight);
        return document.querySelector('.letter-row[data-row="99999"]') !== null;
      },
      undefined,
      { timeout: 120_000, polling: 50 },
    );
    for (const share of [0.1, 0.37, 0.5, 0.93, 1]) {
      const startedAtMs = Date.now();
      await scroller.evaluate((element, share) => element.scrollTo(0, element.scrollHeight * share), share);
      const row = Math.min(99_999, Math.round(100_000 * share));
      await until(`row ${row} is shown`, async () => {
        const shown = await page
          .locator(".letter-row")
          .evaluateAll((rows) => rows.map((row) => Number(row.getAttribute("data-row"))));
        return shown.some((index) => Math.abs(index - row) < 40);
      });
      assert.ok(Date.now() - startedAtMs < 5000, "a jump takes less than five seconds");
      assert.ok((await page.locator(".letter-row").count()) < 80);
    }
    await page.waitForSelector('.letter-row[data-row="99999"]');
    assert.match(await page.locator('.letter-row[data-row="99999"]').innerText(), /ORD-099999/);
    assert.deepEqual(complaints, []);
    await close();
  });

  test("are read as one scrolls, without being asked for", async () => {
    const { page, close } = await openPage(browser, served, "/console/messages");
    await page.waitForSelector(".letter-row");
    const scroller = page.locator(".letter-scroll");
    await page.waitForFunction(
      async () => {
        const element = document.querySelector(".letter-scroll");
        element?.scrollTo(0, element.scrollHeight);
        return Number(document.querySelector(".letter-row:last-child")?.getAttribute("data-row")) > 10_000;
      },
      undefined,
      { timeout: 60_000, polling: 100 },
    );
    assert.ok((await scroller.locator(".letter-row").count()) < 80);
    await close();
  });
});
