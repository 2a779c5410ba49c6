// What holds for every screen: its policy, its contrast in both themes, its size, its age, and what it does when order is gone.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { openBrowser, openPage, serve, type Served } from "./browser.ts";
import { until } from "./eventually-in-node.ts";
import { layoutFaults, paleTexts } from "./page-checks.ts";

const job = (end: string) => `0190f6a2-6d7e-7c0c-9d0e-3b7a5f1c2d4e`.slice(0, -end.length) + end;
const screens = [
  ["", ".tile-count"],
  ["/failures?state=all", ".group"],
  ["/messages", ".letter-row"],
  ["/messages/order-events/0/17?edit=yes", ".steps"],
  ["/replays", "tbody tr"],
  ["/replays/new?q=group%3A0000000000000001", ".share-bar"],
  [`/replays/${job("4e")}`, ".items"],
  [`/replays/${job("0001")}`, ".items, .notice"],
  [`/replays/${job("0002")}`, ".items"],
  [`/replays/${job("0003")}?outcome=failed`, ".items"],
  [`/replays/${job("0004")}`, ".items"],
  ["/messages/order-events/0/17", ".steps"],
  ["/waiting", "tbody tr"],
  ["/orders", ".notice"],
  ["/audit", "tbody tr"],
  ["/nowhere", ".plain-list"],
] as const;

describe("every screen", () => {
  let served: Served;
  let browser: Browser;
  before(async () => {
    [served, browser] = await Promise.all([serve("staged-trouble"), openBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await served?.stop();
  });

  test("comes with a policy that lets in nothing from elsewhere and nothing inline", async () => {
    const answer = await fetch(`${served.url}/console/messages`);
    const policy = answer.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:|data:/);
    assert.equal(answer.headers.get("cache-control"), "no-cache");
    const [script = ""] = (await answer.text()).match(/\/console\/assets\/main-\w+\.js/) ?? [];
    const asset = await fetch(served.url + script);
    assert.equal(asset.status, 200);
    assert.match(asset.headers.get("cache-control") ?? "", /immutable/);
    assert.equal((await fetch(`${served.url}/console/nowhere`)).status, 404);
    assert.equal((await fetch(`${served.url}/console/messages`, { method: "POST" })).status, 405);
  });

  for (const theme of ["light", "dark"] as const) {
    test(`can be read in the ${theme} theme, wide and narrow, and breaks no rule of its policy`, async () => {
      for (const width of [1280, 400]) {
        for (const [path, ready] of screens) {
          const { page, complaints, close } = await openPage(browser, served, `/console${path}`, {
            width,
            theme,
          });
          await page.waitForSelector(ready);
          assert.deepEqual(await paleTexts(page), [], `${path} at ${width} px`);
          assert.deepEqual(await layoutFaults(page), [], `${path} at ${width} px`);
          assert.deepEqual(complaints, [], path);
          await close();
        }
      }
    });
  }

  test("its dialogs can be read in both themes", async () => {
    for (const theme of ["light", "dark"] as const) {
      const { page, complaints, close } = await openPage(browser, served, "/console", { theme });
      await page.locator("text=Skip records…").first().click();
      assert.deepEqual(await paleTexts(page), []);
      await page.keyboard.press("Escape");
      await page.keyboard.press("?");
      assert.deepEqual(await paleTexts(page), []);
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      assert.deepEqual(await paleTexts(page), []);
      assert.deepEqual(complaints, []);
      await close();
    }
  });

  test("a partition that stands still is skipped with a reason only, and once however often it is clicked", async () => {
    const { page, close } = await openPage(browser, served, "/console");
    const orders: string[] = [];
    page.on("request", (request) => {
      if (request.method() === "POST") orders.push(request.url());
    });
    await page.locator("text=Skip records…").first().click();
    await page.locator("dialog button.danger").click();
    assert.equal(await page.locator("dialog[open]").count(), 1);
    await page.locator("dialog textarea").fill("agreed with the payment team");
    await page.locator("dialog button.danger").dblclick();
    await until("the order was taken", async () => (await page.locator("dialog[open]").count()) === 0);
    assert.equal(orders.length, 1);
    await close();
  });

  test("an order that is refused says why, what to do, and the request id, and its words are kept", async () => {
    const { page, close } = await openPage(browser, served, "/console");
    await page.locator("text=Skip records…").nth(1).click();
    await page.locator("dialog textarea").fill("a long explanation");
    await page.locator("dialog button.danger").click();
    await page.waitForSelector("dialog .notice.trouble");
    const told = await page.locator("dialog .notice.trouble").innerText();
    assert.match(told, /The records were not skipped[\s\S]*does not stand still on this instance/);
    assert.match(told, /Request id [0-9a-f-]{36}/);
    assert.equal(await page.locator("dialog textarea").inputValue(), "a long explanation");
    await close();
  });

  test("keeps the theme and the time zone that were chosen", async () => {
    const { page, close } = await openPage(browser, served, "/console/audit");
    await page.locator(".switches button").nth(1).click();
    await page.locator(".switches button").nth(1).click();
    await page.locator(".switches button").nth(0).click();
    await page.reload();
    await page.waitForSelector("tbody tr");
    assert.equal(await page.evaluate(() => document.documentElement.dataset["theme"]), "dark");
    assert.match(await page.locator(".switches").innerText(), /Local/);
    await close();
  });
});

test("a server that is gone leaves everything on screen, under a banner that says how old it is", async () => {
  const [served, browser] = await Promise.all([serve("staged-trouble"), openBrowser()]);
  const { page, complaints, close } = await openPage(browser, served, "/console");
  await page.waitForSelector(".tile-count");
  await page.waitForSelector(".station.down");
  assert.equal(await page.locator(".stale-banner").count(), 0);
  const count = await page.locator(".tile-count").first().innerText();
  await served.stop();
  await page.waitForSelector(".stale-banner");
  assert.match(
    await page.locator(".stale-banner").innerText(),
    /does not answer[\s\S]*is from \d\d:\d\d:\d\d UTC, \d+ /,
  );
  assert.equal(await page.locator(".tile-count").first().innerText(), count);
  // A screen that was never read says that it could not be, and not that there is nothing.
  await page.locator("nav a", { hasText: "Audit" }).click();
  await page.waitForSelector(".notice.trouble");
  assert.match(await page.locator(".notice.trouble").first().innerText(), /The audit could not be read/);
  assert.deepEqual(complaints, []);
  await close();
  await browser.close();
});
