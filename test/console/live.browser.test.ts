// What comes by itself: the overview, records of topics, partitions, schemas, sagas and settings, staged with texts of strangers in
// every field, and on the embedded product where a number has to follow what happens.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { openBrowser, openPage, serve, type Served } from "./browser.ts";
import { until } from "./eventually-in-node.ts";
import { hostileTexts } from "./hostile-texts.ts";
import { isUntouched, layoutFaults, paleTexts } from "./page-checks.ts";

const screens = [
  ["", ".plot canvas"],
  ["?span=60", ".plot canvas"],
  ["/live", ".tail-row"],
  ["/live?topic=silent", ".notice.calm"],
  ["/live?view=partitions", "tbody tr"],
  ["/live?view=schemas&version=3&against=1", ".diff-line.gone"],
  ["/live?view=schemas&subject=other", ".notice"],
  ["/sagas", "tbody tr"],
  ["/sagas?id=2", ".steps"],
  ["/sagas?id=1", ".steps"],
  ["/sagas?id=999999", ".notice"],
  ["/sagas?id=nonsense", ".notice"],
  ["/audit", ".settings"],
] as const;

describe("the live screens, with texts of strangers", () => {
  let served: Served;
  let browser: Browser;
  before(async () => {
    [served, browser] = await Promise.all([serve("staged-live"), openBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await served?.stop();
  });

  for (const theme of ["light", "dark"] as const) {
    test(`can be read in the ${theme} theme, wide and narrow, run nothing and break no layout`, async () => {
      for (const width of [1280, 400]) {
        for (const [path, ready] of screens) {
          const where = `${path} at ${width} px`;
          const { page, complaints, close } = await openPage(browser, served, `/console${path}`, {
            width,
            theme,
          });
          await page.waitForSelector(ready);
          assert.deepEqual(await paleTexts(page), [], where);
          assert.deepEqual(await layoutFaults(page), [], where);
          assert.ok(await isUntouched(page), `${where}: something of it was taken for markup`);
          assert.deepEqual(complaints, [], where);
          await close();
        }
      }
    });
  }

  test("every record is text, whatever is in it, also when all of it is shown", async () => {
    const { page, complaints, close } = await openPage(browser, served, "/console/live");
    await page.waitForSelector(".tail-row");
    await page.locator("text=Pause").click();
    await until("all records", async () => (await page.locator(".tail-row").count()) >= hostileTexts.length);
    await page.evaluate(() => {
      for (const opener of document.querySelectorAll(".tail-row .opener"))
        if (opener instanceof HTMLElement) opener.click();
    });
    await until(
      "all are open",
      async () => (await page.locator(".tail-more").count()) >= hostileTexts.length,
    );
    assert.ok(await isUntouched(page));
    assert.deepEqual(await layoutFaults(page), []);
    assert.deepEqual(await paleTexts(page), []);
    assert.deepEqual(complaints, []);
    await close();
  });

  test("a tail that is paused stands still, counts what comes, and goes on; what was passed over is told", async () => {
    const { page, close } = await openPage(browser, served, "/console/live");
    await page.waitForSelector(".tail-row");
    assert.match(await page.locator(".passed-over").innerText(), /1\s204 passed over/);
    await page.keyboard.press("p");
    const first = await page.locator(".tail-row .opener").first().innerText();
    await page.waitForSelector("text=/paused, \\d+ more came/");
    assert.equal(await page.locator(".tail-row .opener").first().innerText(), first);
    await page.keyboard.press("p");
    await until(
      "it goes on",
      async () => (await page.locator(".tail-row .opener").first().innerText()) !== first,
    );
    await page.keyboard.press("/");
    await page.keyboard.type("ORD-");
    await page.keyboard.press("Enter");
    await until("only those", async () =>
      (await page.locator(".tail-row .tail-key").allInnerTexts()).every((key) => key.includes("ORD-")),
    );
    await close();
  });

  test("a difference between two versions of a schema is the lines that went and came", async () => {
    const { page, close } = await openPage(browser, served, "/console/live?view=schemas&version=3&against=2");
    await page.waitForSelector(".diff-line.come");
    assert.match(await page.locator(".diff-line.gone").first().innerText(), /"status"/);
    assert.match(await page.locator(".diff-line.come").first().innerText(), /"state"/);
    await page.locator("select").nth(1).selectOption("none");
    await until("no diff", async () => (await page.locator(".diff-line").count()) === 0);
    await close();
  });

  test("secrets are masked, and defaults are shown when somebody asks", async () => {
    const { page, close } = await openPage(browser, served, "/console/audit");
    await page.waitForSelector(".settings");
    const set = await page.locator(".settings").innerText();
    assert.match(set, /postgres:\/\/orders:\*\*\*@db\/orders/);
    await page.locator("text=With defaults").click();
    const all = await page.locator(".settings").innerText();
    assert.match(all, /CART_PORT/);
    assert.doesNotMatch(all + (await page.content()), /hunter2/);
    await close();
  });

  test("a saga is opened and left by keyboard", async () => {
    const { page, close } = await openPage(browser, served, "/console");
    await page.waitForSelector(".tile-count");
    await page.keyboard.press("g");
    await page.keyboard.press("s");
    await page.waitForSelector("tbody tr");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".steps");
    assert.match(page.url(), /\/console\/sagas\?id=\d+$/);
    await page.keyboard.press("Escape");
    await page.waitForSelector(".halves");
    await close();
  });
});

describe("the overview of the embedded product", () => {
  let served: Served;
  let browser: Browser;
  before(async () => {
    [served, browser] = await Promise.all([serve("mixed"), openBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await served?.stop();
  });

  test("counts by itself what happens: tiles and navigation, without being asked", async () => {
    const { page, complaints, close } = await openPage(browser, served, "/console");
    await page.waitForSelector("text=live");
    // When the stream begins, what it does not tell is asked once.
    await page.waitForTimeout(1500);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    const before = Number(await page.locator("nav a[href$='/orders'] .door-count").innerText());
    const placed = await page.evaluate(async () => {
      const body = JSON.stringify({
        customerId: "CUST-1",
        items: [{ productId: "P-1", quantity: 1, price: 10 }],
      });
      const answer = await fetch("/api/orders", {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
      });
      return answer.status;
    });
    assert.equal(placed, 201);
    await until("a minute with that order", async () =>
      /^[1-9]/.test(await page.locator(".tile-count").first().innerText()),
    );
    assert.ok(before > 0);
    assert.equal(asked.filter((url) => url.includes("stats.now")).length, 0);
    assert.deepEqual(complaints, []);
    await close();
  });

  test("asks every few seconds where no stream comes through, and says so", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.route("**/trpc/live.events**", (route) => route.abort());
    await page.goto(`${served.url}/console`);
    await page.waitForSelector("text=asked every 3 s");
    await page.waitForSelector(".tile-count");
    await until("the tiles are read", async () =>
      /^[0-9]/.test(await page.locator(".tile-count").nth(3).innerText()),
    );
    await context.close();
  });

  test("follows a topic with its decoded records, and shows who reads its partitions", async () => {
    const { page, complaints, close } = await openPage(browser, served, "/console/live");
    await page.waitForSelector("text=OrderEvent");
    await page.locator(".tail-row .opener").first().click();
    await page.waitForSelector(".tail-more .code");
    await page.keyboard.press("2");
    await page.waitForSelector(".partitions");
    assert.match(await page.locator(".partitions").innerText(), /order-events[\s\S]*reading/);
    await page.keyboard.press("3");
    await page.waitForSelector(".schema");
    assert.match(await page.locator(".schema").innerText(), /"type": "record"/);
    assert.deepEqual(complaints, []);
    await close();
  });
});
