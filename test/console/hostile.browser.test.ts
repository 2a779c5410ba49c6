// Texts of attackers in every field that strangers write: order ids, keys, headers, payloads, statuses, error messages, and
// the environment's name. They come from a real embedded product.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { openBrowser, openPage, serve, type Served } from "./browser.ts";
import { hostileTexts } from "./hostile-texts.ts";
import { layoutFaults } from "./page-checks.ts";

const isUntouched = (page: Page) =>
  page.evaluate(
    () =>
      !("hacked" in window) &&
      !("hacked" in Object.prototype) &&
      document.querySelector("main script, main iframe, main img, main style, main form[action]") === null,
  );

describe("hostile texts", () => {
  let served: Served;
  let browser: Browser;
  before(async () => {
    [served, browser] = await Promise.all([serve("hostile"), openBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await served?.stop();
  });

  async function look(
    path: string,
    ready: string,
    width: number,
    use?: (page: Page) => Promise<void>,
  ): Promise<void> {
    const { page, complaints, close } = await openPage(browser, served, path, { width });
    await page.waitForSelector(ready);
    await use?.(page);
    assert.deepEqual(await layoutFaults(page), [], `${path} at ${width} px`);
    assert.ok(await isUntouched(page), `${path}: something of it was taken for markup`);
    assert.deepEqual(complaints, [], path);
    await close();
  }

  test("in lists they are text and break no layout, wide and narrow", async () => {
    assert.ok(hostileTexts.length >= 50);
    for (const width of [1280, 400]) {
      await look("/console", ".tile-count", width);
      await look("/console/messages", ".letter-row", width, async (page) => {
        for (let step = 0; step < 12; step += 1) {
          await page.locator(".letter-scroll").evaluate((element) => element.scrollBy(0, 900));
          await page.waitForTimeout(40);
        }
      });
      await look("/console/orders", "tbody tr", width);
      await look("/console/waiting", "tbody tr", width, async (page) => {
        await page.locator(".opener").first().click();
        await page.waitForSelector(".row-details");
      });
    }
  });

  test("each of them is text where one message and one order are shown whole", async () => {
    const { page, complaints, close } = await openPage(browser, served, "/console/messages");
    await page.waitForSelector(".letter-row");
    const paths = await page.evaluate(async () => {
      const answer: { deadLetters: { id: string }[] } = await (
        await fetch("/ops/dead-letters?limit=1000")
      ).json();
      return answer.deadLetters.map(
        ({ id }) => `/console/messages/${id.split("/").map(encodeURIComponent).join("/")}`,
      );
    });
    assert.ok(paths.length >= 2 * hostileTexts.length);
    for (const path of paths) {
      await page.evaluate((path) => {
        history.pushState({ depth: 1 }, "", path);
        window.dispatchEvent(new PopStateEvent("popstate"));
      }, path);
      await page.waitForSelector(".steps");
      assert.deepEqual(await layoutFaults(page), [], path);
      assert.ok(await isUntouched(page), path);
    }
    assert.deepEqual(complaints, []);
    await close();
  });

  test("typed into the address, the search and the palette they are text too", async () => {
    for (const text of hostileTexts.slice(0, 12)) {
      const typed = encodeURIComponent(text);
      await look(`/console/messages?q=${typed}`, ".notice, .letter-row, .search-problems", 1280);
      await look(`/console/orders?id=${typed}`, ".panel, .notice", 1280, async (page) => {
        await page.keyboard.press("Control+k");
        await page.keyboard.type(text);
        await page.waitForSelector("#palette-choices li");
        await page.keyboard.press("Escape");
      });
    }
  });

  test("a direction that was turned round is shown as what it is", async () => {
    await look("/console/messages", ".letter-row", 1280, async (page) => {
      await page.keyboard.press("/");
      await page.keyboard.insertText("gnp.exe");
      await page.waitForSelector(".letter-order .named-character");
      assert.equal(await page.locator(".letter-order .named-character").first().innerText(), "U+202E");
    });
  });
});
