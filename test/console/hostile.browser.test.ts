// Texts of attackers in every field that strangers write: order ids, keys, headers, payloads, statuses, error messages, and
// the environment's name. They come from a real embedded product.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { openBrowser, openPage, serve, type Served } from "./browser.ts";
import { hostileTexts } from "./hostile-texts.ts";
import { isUntouched, layoutFaults } from "./page-checks.ts";

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
    assert.ok(new Set(hostileTexts).size >= 200);
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

  test("as names, reasons, notes and owners, and in what fails again, they are text on the screens of replays", async () => {
    const send = async (path: string, body: unknown) => {
      const answer = await fetch(served.url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return answer.status < 300;
    };
    const { groups }: { groups: { fingerprint: string }[] } = await (
      await fetch(`${served.url}/ops/dead-letters/groups`)
    ).json();
    // What turns text round is refused there, and comes in the events instead.
    const noted = await Promise.all(
      groups.map(({ fingerprint }, index) => {
        const text = hostileTexts[index % hostileTexts.length];
        return send("/ops/dead-letters/groups/annotate", { fingerprint, note: text, owner: text });
      }),
    );
    assert.ok(noted.filter(Boolean).length > groups.length / 2);
    const { deadLetters }: { deadLetters: { id: string; orderId: string | null }[] } = await (
      await fetch(`${served.url}/ops/dead-letters?limit=1000&reason=unknown_order`)
    ).json();
    for (const text of hostileTexts.slice(0, 40)) {
      const own = deadLetters.find(({ orderId }) => orderId === `${text} lost`);
      const scope = own === undefined ? { filter: { text } } : { ids: [own.id] };
      await send("/ops/replays/start", { scope, name: text, reason: text });
    }
    await send("/ops/replays/start", { scope: { filter: {} }, name: "all of them", reason: "once more" });
    const jobs = async () => {
      const told: { replays: { id: string; endedAt: string | null }[] } = await (
        await fetch(`${served.url}/ops/replays`)
      ).json();
      return told.replays;
    };
    for (
      let waited = 0;
      waited < 300 && (await jobs()).some(({ endedAt }) => endedAt === null);
      waited += 1
    ) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const [last, ...others] = await jobs();
    for (const width of [1280, 400]) {
      await look("/console/failures?state=all", ".group", width);
      await look("/console/replays", "tbody tr", width);
      await look("/console/replays/new", ".dry-run", width);
      await look(`/console/replays/${last?.id}?outcome=failed`, ".items", width, async (page) => {
        for (let more = 0; more < 4; more += 1) {
          const button = page.getByText("Read more");
          if ((await button.count()) > 0) await button.click();
          await page.waitForTimeout(200);
        }
      });
      for (const { id } of others.slice(0, 5)) await look(`/console/replays/${id}`, ".items, .notice", width);
    }
  });

  test("typed into the address, the search and the palette they are text too", async () => {
    for (const text of hostileTexts.slice(0, 12)) {
      const typed = encodeURIComponent(text);
      await look(`/console/messages?q=${typed}`, ".notice, .letter-row, .search-problems", 1280);
      await look(`/console/failures?q=${typed}`, ".group, .notice", 1280);
      await look(`/console/replays/new?q=${typed}&name=${typed}`, ".dry-run, .notice", 1280);
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
