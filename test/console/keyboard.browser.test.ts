// The real product, in a real browser, without a mouse.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { openBrowser, serve, type Served, type Visit, visitPage } from "./browser.ts";
import { until } from "./eventually-in-node.ts";

const headingOf = (page: Page) => page.locator("h1").innerText();
const focusedText = (page: Page) => page.evaluate(() => document.activeElement?.textContent ?? "");
const focusedRow = (page: Page) =>
  page.evaluate(() => document.activeElement?.closest("[data-row]")?.getAttribute("data-row") ?? null);

describe("with the keyboard alone", () => {
  let served: Served;
  let browser: Browser;
  before(async () => {
    [served, browser] = await Promise.all([serve("mixed"), openBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await served?.stop();
  });

  const visit = (path: string, use: Visit) => visitPage(browser, served, path, use);

  test("a failed message is found, opened, read on, and left to its row", async () => {
    await visit("/console", async (page) => {
      await page.waitForSelector(".tile-count");
      await page.keyboard.press("g");
      await page.keyboard.press("m");
      await page.waitForSelector(".letter-row");
      await page.keyboard.press("/");
      await page.keyboard.type("reason:unknown_order");
      await page.keyboard.press("Enter");
      await until("the search is in the address", async () =>
        page.url().includes("q=reason%3Aunknown_order"),
      );
      await until("24 messages match", async () =>
        (await page.locator(".list-line").innerText()).includes("24 messages match"),
      );
      await page.keyboard.press("Escape");
      for (let step = 0; step < 3; step += 1) await page.keyboard.press("j");
      await until("the third row has the focus", async () => (await focusedRow(page)) === "2");
      await page.keyboard.press("k");
      await until("the second row has the focus", async () => (await focusedRow(page)) === "1");
      const order = await focusedText(page);
      await page.keyboard.press("Enter");
      await page.waitForSelector(".steps");
      assert.equal(await headingOf(page), order);
      await page.keyboard.press("j");
      await until("the next message is shown", async () => (await headingOf(page)) !== order);
      await page.keyboard.press("k");
      await until("the message before is shown again", async () => (await headingOf(page)) === order);
      await page.keyboard.press("Escape");
      await page.waitForSelector(".letter-row");
      await until("its row has the focus", async () => (await focusedText(page)) === order);
      assert.ok(page.url().includes("q=reason%3Aunknown_order"));
    });
  });

  test("rows are chosen one by one, as a range, and all that match, with their number", async () => {
    await visit("/console/messages", async (page) => {
      await page.waitForSelector(".letter-row");
      for (const key of ["j", "x", "j", "j", "X"]) await page.keyboard.press(key);
      const chosen = page.locator(".selection-bar p");
      await until("three are chosen", async () => (await chosen.innerText()) === "3 chosen");
      await page.locator("text=Select all matching").focus();
      await page.keyboard.press("Enter");
      await until("all are chosen", async () => (await chosen.innerText()) === "All 34 that match chosen");
    });
  });

  test("what is exported is what was chosen, and no cell of it is a formula", async () => {
    await visit("/console/messages?q=order%3AORD-2026-0001", async (page) => {
      await page.waitForSelector(".letter-row");
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        page.locator("button", { hasText: "CSV" }).click(),
      ]);
      const chunks: Buffer[] = [];
      for await (const chunk of await file.createReadStream()) chunks.push(Buffer.from(chunk));
      const lines = Buffer.concat(chunks).toString("utf8").split("\r\n");
      assert.equal(lines.length, 4);
      assert.ok(lines[0]?.startsWith("\ufeffid,lastFailureAt"));
      assert.ok(lines.slice(1, 3).every((line) => line.includes("ORD-2026-0001")));
    });
  });

  test("the palette finds an order by its id, and Escape gives the focus back", async () => {
    await visit("/console/audit", async (page) => {
      await page.waitForSelector(".notice");
      await page.keyboard.press("Control+k");
      await page.keyboard.type("ORD-2026-0007");
      await until("the order is found", async () =>
        (await page.locator("#palette-choices").innerText()).includes("order · new"),
      );
      await page.keyboard.press("Enter");
      await until("the order is shown", async () => (await headingOf(page)) === "Order ORD-2026-0007");
      await page.keyboard.press("Control+k");
      await page.keyboard.press("Escape");
      await until("the palette is closed", async () => (await page.locator("dialog[open]").count()) === 0);
    });
  });

  test("the help names the keys of the screen that is shown", async () => {
    await visit("/console/waiting", async (page) => {
      await page.waitForSelector(".opener");
      await page.keyboard.press("?");
      const help = await page.locator("dialog").innerText();
      assert.match(help, /try this one now/);
      assert.match(help, /go to Messages/);
      await page.keyboard.press("Escape");
    });
  });

  test("an event that waits is given up after a question, and is a dead letter then", async () => {
    await visit("/console/waiting", async (page) => {
      await page.waitForSelector(".opener");
      await page.keyboard.press("j");
      await until("the first row has the focus", async () => (await focusedRow(page)) === "0");
      const order = await focusedText(page);
      await page.keyboard.press("d");
      await page.waitForSelector("dialog[open]");
      await page.keyboard.press("Escape");
      await until("nothing was ordered", async () => (await page.locator("dialog[open]").count()) === 0);
      await page.keyboard.press("d");
      await page.waitForSelector("dialog[open]");
      await page.locator("dialog button.danger").press("Enter");
      // A page that is left takes its request with it.
      await until("it was ordered", async () => (await page.locator("dialog[open]").count()) === 0);
      await page.goto(`${served.url}/console/messages?q=order%3A${order}`);
      await until("its dead letter is listed", async () => {
        if ((await page.locator(".letter-row").count()) === 1) return true;
        await page.keyboard.press("R");
        await page.waitForTimeout(300);
        return false;
      });
    });
  });

  test("a list stays as it is while messages come in, says how many came, and reads them on demand", async () => {
    await visit("/console/messages", async (page) => {
      const line = page.locator(".list-line");
      await page.waitForSelector(".letter-row");
      const before = await line.innerText();
      const id = await page.evaluate(async () => {
        const answer: { parked: { id: string }[] } = await (await fetch("/ops/parked?limit=1")).json();
        return answer.parked[0]?.id;
      });
      await page.evaluate(async (id) => {
        await fetch("/ops/parked/dead-letter-now", { method: "POST", body: JSON.stringify({ id }) });
      }, id);
      await until("it is told that one came", async () =>
        (await page.locator(".page-actions").innerText()).includes("1 message came since"),
      );
      assert.equal((await line.innerText()).split("messages")[0], before.split("messages")[0]);
      await page.keyboard.press("R");
      await until("the list has one more", async () => {
        const count = (text: string) => Number.parseInt(text, 10);
        return count(await line.innerText()) === count(before) + 1;
      });
    });
  });

  test("nothing failed, nothing matches and no such screen are three different answers", async () => {
    await visit("/console/messages?q=order%3ANOBODY", async (page) => {
      await until(
        "nothing matches",
        async () => (await page.locator(".notice-title").innerText()) === "Nothing matches this search",
      );
    });
    await visit("/console/messages?q=since%3Asoon", async (page) => {
      await until("the search is wrong", async () =>
        (await page.locator(".search-problems").innerText()).includes("since: is a span"),
      );
    });
    await visit("/console/nowhere", async (page) => {
      assert.equal(await headingOf(page), "There is no such screen");
    });
  });
});
