// Where keys are needed: nothing is seen without one, a viewer orders nothing, not even past the page, and who signed out is out.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { openBrowser, openPage, serve, type Served } from "./browser.ts";
import { until } from "./eventually-in-node.ts";
import { layoutFaults, paleTexts } from "./page-checks.ts";

const keyOf = (role: string) => `key-of-${role}-0123456789`;

describe("the console where keys are needed", () => {
  let served: Served;
  let browser: Browser;
  before(async () => {
    [served, browser] = await Promise.all([serve("staged-keys"), openBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await served?.stop();
  });

  async function signIn(page: Page, key: string) {
    await page.waitForSelector("#sign-in-title");
    // The field has the focus: one types and presses Enter.
    await page.keyboard.type(key);
    await page.keyboard.press("Enter");
  }

  test("asks for one before it shows anything, says when it is wrong, and can be read in both themes", async () => {
    for (const theme of ["light", "dark"] as const) {
      for (const width of [1280, 400]) {
        const options = { width, theme };
        const { page, complaints, close } = await openPage(browser, served, "/console/waiting", options);
        await signIn(page, "ow_of-nobody-0123456789");
        await page.waitForSelector("#sign-in-problem");
        assert.equal(await page.locator("nav, table").count(), 0);
        assert.deepEqual(await paleTexts(page), []);
        // There is none to be covered.
        assert.deepEqual(await layoutFaults(page), ["the navigation is covered"]);
        assert.deepEqual(complaints, []);
        await close();
      }
    }
  });

  test("lets a viewer look and nothing else: the page offers no order, and the API refuses it with 403", async () => {
    const { page, complaints, close } = await openPage(browser, served, "/console/waiting");
    await signIn(page, keyOf("viewer"));
    await page.waitForSelector("tbody tr");
    assert.match((await page.textContent(".who-am-i")) ?? "", /the-viewer\s*viewer/);
    assert.deepEqual(await layoutFaults(page), []);
    assert.deepEqual(await paleTexts(page), []);
    const buttons = page.locator("td.actions button");
    assert.ok((await buttons.count()) > 0);
    for (const button of await buttons.all()) {
      assert.equal(await button.isDisabled(), true);
      assert.match((await button.getAttribute("title")) ?? "", /is a viewer's: this needs an operator's/);
    }
    await page.goto(`${served.url}/console/failures`);
    await page.waitForSelector(".group-orders button");
    assert.equal(await page.locator(".group-orders button:enabled").count(), 0);
    await page.goto(`${served.url}/console/replays/new`);
    await page.waitForSelector(".not-allowed");
    assert.equal(await page.locator("form button[type=submit]").isDisabled(), true);
    const answers = await page.evaluate(async () => {
      const order = (path: string, body: string) =>
        fetch(path, { method: "POST", body, headers: { "Content-Type": "application/json" } });
      const sent = [
        await order("/trpc/parked.retryNow", '{"id":"YQ"}'),
        await order("/ops/parked/retry-now", '{"id":"YQ"}'),
        await order("/trpc/partitions.skip", "{}"),
        await order("/trpc/replays.start", "{}"),
        await order("/ops/replays/start", "{}"),
      ];
      return { statuses: sent.map(({ status }) => status), cookies: document.cookie };
    });
    assert.deepEqual(answers, { statuses: [403, 403, 403, 403, 403], cookies: "" });
    assert.deepEqual(complaints, []);
    await close();
  });

  test("lets an operator try an event again, and not skip records", async () => {
    const { page, close } = await openPage(browser, served, "/console/waiting");
    await signIn(page, keyOf("operator"));
    await page.click("text=Try now");
    await page.click("dialog button[type=submit]");
    await page.waitForSelector("dialog", { state: "detached" });
    await page.goto(`${served.url}/console`);
    const skip = page.locator("text=Skip records…").first();
    await skip.waitFor();
    assert.equal(await skip.isDisabled(), true);
    await page.goto(`${served.url}/console/messages/order-events/0/17`);
    const edit = page.locator("button", { hasText: "Edit and replay" });
    await edit.waitFor();
    assert.equal(await edit.isDisabled(), true);
    assert.match((await edit.getAttribute("title")) ?? "", /needs an admin's/);
    await close();
  });

  test("keeps who signed in over a reload, and forgets them when they sign out", async () => {
    const { page, close } = await openPage(browser, served, "/console/audit");
    await signIn(page, keyOf("admin"));
    await page.waitForSelector("tbody tr");
    await page.reload();
    await page.waitForSelector("tbody tr");
    await page.click("text=Sign out");
    await page.waitForSelector("#sign-in-title");
    const status = await page.evaluate(async () => (await fetch("/ops/audit")).status);
    assert.equal(status, 401);
    await close();
  });

  test("asks again when the cookie ends while somebody looks", async () => {
    const { page, close } = await openPage(browser, served, "/console/audit");
    await signIn(page, keyOf("viewer"));
    await page.waitForSelector("tbody tr");
    await page.context().clearCookies();
    await until("the question is there", async () => (await page.locator("#sign-in-title").count()) === 1);
    await close();
  });
});
