// A bad night put right in a browser, from an empty product on: a burst of failures found as one kind, understood, tried dry,
// replayed one first and then the rest, and proven. And what happens to a replay when somebody is careless with it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { openBrowser, serve, type Served, type Visit, visitPage } from "./browser.ts";
import { until } from "./eventually-in-node.ts";
import { replayTools } from "./replay-tools.ts";

const textOf = (page: Page, selector: string) => page.locator(selector).first().innerText();
const isFocused = (page: Page, selector: string) =>
  page.evaluate((selector) => document.activeElement?.matches(selector) ?? false, selector);
const showsText = (page: Page, selector: string, text: string | RegExp) => async () => {
  if ((await page.locator(selector).count()) === 0) return false;
  const shown = await textOf(page, selector);
  return typeof text === "string" ? shown.includes(text) : text.test(shown);
};

describe("replays", () => {
  let served: Served;
  let browser: Browser;
  let tools: ReturnType<typeof replayTools>;
  before(async () => {
    [served, browser] = await Promise.all([serve("replays"), openBrowser()]);
    tools = replayTools(served);
  });
  after(async () => {
    await browser?.close();
    await served?.stop();
  });

  const visit = (path: string, use: Visit) => visitPage(browser, served, path, use);

  test("with the keyboard alone: from nothing failed to a burst that is understood, tried, replayed and proven", async () => {
    await visit("/console", async (page) => {
      const press = async (...keys: readonly string[]) => {
        for (const key of keys) await page.keyboard.press(key);
      };
      await page.waitForSelector(".tile-count");
      await press("g", "f");
      await until("nothing failed", showsText(page, ".notice-title", "Nothing failed"));
      const orderIds = await tools.failEarly("KEYS", 12);
      await page.waitForSelector(".group");
      assert.match(
        await textOf(page, ".group"),
        /unknown_order[\s\S]*Order <id> not found[\s\S]*Replay 12 matching/,
      );

      await press("j");
      await until("the group has the focus", () => isFocused(page, ".group [data-open]"));
      await press("Enter");
      await until("its messages are listed", showsText(page, ".list-line", "12 messages match"));
      await press("j", "Enter");
      await page.waitForSelector(".steps");
      assert.match(await textOf(page, ".error-line"), /ValueError[\s\S]*not found/);
      await until(
        "its order is not there",
        showsText(page, ".message-columns", /No order with this id is stored/),
      );

      await tools.create(orderIds);
      await press("g", "f");
      await page.waitForSelector(".group");
      await press("j");
      await until("the group has the focus again", () => isFocused(page, ".group [data-open]"));
      await press("1");
      await until("the dry run is there", showsText(page, ".dry-run", "12 would pass"));
      await until("the reason has the focus", () => isFocused(page, 'textarea[name="reason"]'));
      assert.equal(await textOf(page, "button[type=submit]"), "Replay 12 messages, 1 first");
      await page.keyboard.type("the creates are there now");
      await press("Control+Enter");
      await until("the first one is through", showsText(page, ".head-line", "paused after the first"));
      assert.match(await textOf(page, ".replay-progress"), /1 of 12[\s\S]*1 applied[\s\S]*11 left/);

      await press("p");
      await page.waitForSelector("dialog[open]");
      await page.keyboard.type("the first one is well");
      await press("Control+Enter");
      await until("all are applied", showsText(page, ".share-list", "12 applied"));
      await until("it is done", showsText(page, ".head-line", "done"));
      assert.deepEqual(
        await tools.statuses(orderIds),
        orderIds.map(() => "shipped"),
      );

      await press("g", "a");
      await until("the audit has it", showsText(page, "tbody", /replays\.resume[\s\S]*replays\.start/));
      const audit = await textOf(page, "tbody");
      assert.match(audit, /the creates are there now/);
      assert.match(audit, /12 applied/);
      await press("g", "f");
      await until("nothing is open", showsText(page, ".notice-title", "Nothing is open"));
    });
  });

  test("with the mouse alone, but for the reasons", async () => {
    await visit("/console", async (page) => {
      const click = (text: string) => page.locator("main").getByText(text, { exact: false }).first().click();
      const orderIds = await tools.failEarly("MOUSE", 8);
      await page.locator("nav a", { hasText: "Failures" }).click();
      await page.locator(".group", { hasText: "Replay 8 matching" }).locator(".group-pattern a").click();
      await page.locator(".letter-row a").first().click();
      await page.waitForSelector(".steps");
      await tools.create(orderIds);
      await page.locator("nav a", { hasText: "Failures" }).click();
      await click("Replay 1 first");
      await until("the dry run is there", showsText(page, ".dry-run", "8 would pass"));
      await page.locator('textarea[name="reason"]').fill("the creates are there now");
      await click("Replay 8 messages, 1 first");
      await until(
        "the first one is through",
        showsText(page, ".notice-title", "The first message went, and none failed again"),
      );
      await click("Go on with the other 7");
      await page.locator("dialog textarea").fill("well");
      await page.locator("dialog button.usual").click();
      await until("it is done", showsText(page, ".progress-line", "8 of 8"));
      await page.locator(".items a").first().click();
      await until("the message tells its replay", showsText(page, ".steps", "Replay: applied"));
      assert.match(await textOf(page, ".head-line"), /resolved/);
      assert.deepEqual(
        await tools.statuses(orderIds),
        orderIds.map(() => "shipped"),
      );
    });
  });

  test("a double click makes one job, and it has as many messages as its button said", async () => {
    const orderIds = await tools.failEarly("TWICE", 5);
    const before = (await tools.replays()).length;
    await visit("/console/messages?q=TWICE", async (page) => {
      await page.waitForSelector(".letter-row");
      await page.locator("text=Select all matching").click();
      await until("the server has counted", showsText(page, ".selection-bar p", "All 5 that match chosen"));
      await page.locator('button[aria-label^="Replay"]').click();
      await until("the dry run is there", showsText(page, ".dry-run", "5 would fail"));
      // What fails after it was looked at is not in it.
      await tools.failEarly("TWICE-LATER", 3);
      await page.locator('textarea[name="reason"]').fill("clicked twice");
      const submit = page.locator("button[type=submit]");
      assert.equal(await submit.innerText(), "Replay 5 messages");
      await submit.dblclick();
      await page.waitForSelector(".replay-progress");
      await until("it has an end", showsText(page, ".head-line", "done, some failed"));
      assert.match(await textOf(page, ".progress-line"), /5 of 5/);
      await until("what failed again is listed", async () => (await page.locator(".items li").count()) === 5);
      await tools.create(orderIds);
      await page.locator("text=Replay the 5 that failed again").click();
      await until("it is about exactly them", showsText(page, ".dry-run", "5 would pass"));
    });
    const jobs = await tools.replays();
    assert.equal(jobs.length, before + 1);
    assert.equal(jobs[0]?.total, 5);
    await tools.settle();
  });

  test("a replay goes on when its page is closed, and is found again", async () => {
    const orderIds = await tools.failEarly("CLOSED", 10);
    await tools.create(orderIds);
    let path = "";
    await visit("/console/replays/new?q=CLOSED", async (page) => {
      await until("the dry run is there", showsText(page, ".dry-run", "10 would pass"));
      await page.locator('input[name="rate"]').fill("5");
      await page.locator('textarea[name="reason"]').fill("left alone");
      await page.locator("button[type=submit]").click();
      await page.waitForSelector(".replay-progress");
      path = new URL(page.url()).pathname;
    });
    await until("it ended without anybody", async () => (await tools.replays())[0]?.endedAt !== null);
    await visit(path, async (page) => {
      await until("it is done", showsText(page, ".share-list", "10 applied"));
      await page.waitForSelector(".plot canvas");
    });
  });

  test("a cancelled replay has each message either done or open again; Escape only leaves it", async () => {
    const orderIds = await tools.failEarly("CANCEL", 40);
    await tools.create(orderIds);
    await visit("/console/replays/new?q=CANCEL", async (page) => {
      await until("the dry run is there", showsText(page, ".dry-run", "40 would pass"));
      await page.locator('input[name="rate"]').fill("4");
      await page.locator('textarea[name="reason"]').fill("to be cancelled");
      await page.locator("button[type=submit]").click();
      await until("some are through", showsText(page, ".share-list", /[1-9]\d* applied/));
      await page.keyboard.press("c");
      await page.waitForSelector("dialog[open]");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Escape");
      await until("the page was left", async () => (await page.locator(".replay-progress").count()) === 0);
      assert.equal((await tools.replays())[0]?.state, "running");
      await page.goBack();
      await page.locator("text=Cancel…").click();
      await page.locator("dialog textarea").fill("enough");
      await page.locator("dialog button.danger").click();
      await until("it is cancelled", showsText(page, ".head-line", "cancelled"));
      await until("nothing is on its way", async () => (await tools.replays())[0]?.endedAt !== null);
      const [job] = await tools.replays();
      assert.ok(job !== undefined);
      const { applied, skipped } = job.counts;
      assert.equal(applied + skipped, 40);
      assert.ok(skipped > 0);
      assert.equal(await tools.countLetters("text=CANCEL&state=open"), skipped);
      await until("the page says so", showsText(page, ".share-list", `${skipped} skipped`));
    });
    await tools.settle();
  });

  test("an event is edited only in a way that fits its schema, and the original is superseded", async () => {
    const [orderId = ""] = await tools.failEarly("EDIT", 1);
    await tools.create([orderId]);
    await visit("/console/messages?q=EDIT", async (page) => {
      await page.waitForSelector(".letter-row");
      await page.keyboard.press("j");
      await page.keyboard.press("Enter");
      await page.waitForSelector(".steps");
      await page.keyboard.press("e");
      const editor = page.locator("#event-editor");
      await editor.waitFor();
      const text = await editor.inputValue();
      await editor.fill(text.replace('"shipped"', "7"));
      await until("the schema refuses it", showsText(page, "#event-check", "'status'"));
      await editor.fill(text.slice(0, -3));
      await until("it is no JSON", showsText(page, "#event-check", "This is no JSON"));
      await editor.fill(text.replace('"shipped"', '"delivered"'));
      await until(
        "the difference is shown",
        showsText(page, ".changes", /status[\s\S]*shipped[\s\S]*delivered/),
      );
      await page.locator('textarea[name="reason"]').fill("it had arrived by then");
      await page.locator("text=Replay the edited event").click();
      await until("it is done", showsText(page, ".share-list", "1 applied"));
      await page.locator(".items a").first().click();
      await until("the original is superseded", showsText(page, ".head-line", "superseded"));
    });
    assert.deepEqual(await tools.statuses([orderId]), ["delivered"]);
  });

  test("messages are discarded and restored, and a kind is ignored until it comes back", async () => {
    await tools.failEarly("AWAY", 3);
    await visit("/console/messages?q=AWAY+state%3Aopen", async (page) => {
      await until("three are there", showsText(page, ".list-line", "3 messages match"));
      await page.keyboard.press("d");
      await page.locator("dialog textarea").fill("test data");
      await page.locator("dialog button.danger").click();
      await until("it is told", showsText(page, ".selection-bar", "Discarded 3 messages"));
      assert.equal(await tools.countLetters("text=AWAY&state=discarded"), 3);
      await page.goto(`${served.url}/console/messages?q=AWAY+state%3Adiscarded`);
      await page.waitForSelector(".letter-row");
      await page.keyboard.press("d");
      await page.locator("dialog textarea").fill("it was none");
      await page.keyboard.press("Control+Enter");
      await until(
        "they are open again",
        async () => (await tools.countLetters("text=AWAY&state=open")) === 3,
      );
      await page.keyboard.press("g");
      await page.keyboard.press("f");
      await page.waitForSelector(".group");
      await page.keyboard.press("j");
      await page.keyboard.press("i");
      await page.waitForSelector("dialog[open]");
      await page.keyboard.press("Enter");
      await until("it is ignored", showsText(page, ".tabs", /Ignored\s+1/));
      await tools.failEarly("AWAY-AGAIN", 1);
      await until("it came back by itself", showsText(page, ".tabs", /Open\s+[1-9][\s\S]*Ignored\s+0/));
    });
    await tools.settle();
  });
});
