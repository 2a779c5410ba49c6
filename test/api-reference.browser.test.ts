// The page of the API in a real browser: drawn from what is served here, and nothing asked of anybody else.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { openBrowser, openPage, serve, type Served } from "./console/browser.ts";

describe("/docs", () => {
  let served: Served;
  let browser: Browser;
  before(async () => {
    [served, browser] = await Promise.all([serve("empty"), openBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await served?.stop();
  });

  for (const theme of ["light", "dark"] as const) {
    test(`shows every operation in the ${theme} theme, breaks no rule of its policy and asks no other host`, async (context) => {
      if ((await fetch(`${served.url}/docs/viewer.js`)).status !== 200) {
        context.skip("the viewer was not fetched: there was no network when the packages were installed");
        return;
      }
      const { page, complaints, close } = await openPage(browser, served, "/docs", { theme });
      await page.getByText("Read an order").first().waitFor();
      const shown = (await page.textContent("body")) ?? "";
      for (const tag of ["System A", "System B", "System C", "Operator"]) assert.ok(shown.includes(tag), tag);
      if (process.env["SCREENSHOTS"] !== undefined) {
        await page.screenshot({ path: `${process.env["SCREENSHOTS"]}/docs-${theme}.png` });
      }
      await page.getByText("System C").first().click();
      await page.getByText("Place an order that payment and stock decide").first().waitFor();
      assert.deepEqual(complaints, []);
      await close();
    });
  }

  test("is linked from /, which is a page for a browser", async () => {
    const { page, complaints, close } = await openPage(browser, served, "/");
    await page.click('a[href="/docs"]');
    await page.waitForURL(`${served.url}/docs`);
    assert.deepEqual(complaints, []);
    await close();
  });
});
