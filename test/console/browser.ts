// Debian's Chromium for a suite, under Node: pages whose every complaint is kept, and the product that they look at.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { chromium, type Browser, type Page } from "playwright-core";

export interface Served {
  readonly url: string;
  /** Empty for what is staged. */
  readonly cartUrl: string;
  readonly stop: () => Promise<void>;
}

/** `scene` as console-product.ts knows them. Rejects when it ends before it listens. */
export async function serve(scene: string): Promise<Served> {
  const bun = process.env["BUN"] ?? "bun";
  const child = spawn(bun, ["test/console/console-product.ts", scene], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([
    new Promise<string>((resolve) => lines.once("line", resolve)),
    ended.then(() => Promise.reject(new Error(`the scene ${scene} ended before it listened`))),
  ]);
  const told: unknown = JSON.parse(first);
  if (typeof told !== "object" || told === null || !("url" in told) || typeof told.url !== "string") {
    throw new Error(`the scene ${scene} told ${first}`);
  }
  return {
    url: told.url,
    cartUrl: "cartUrl" in told && typeof told.cartUrl === "string" ? told.cartUrl : "",
    async stop() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(timer);
    },
  };
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export interface Watched {
  readonly page: Page;
  /** Errors of the page, refusals of its policy, dialogs, and requests to other hosts. */
  readonly complaints: string[];
  readonly close: () => Promise<void>;
}

interface PageOptions {
  readonly width?: number;
  readonly theme?: "light" | "dark";
}

export async function openPage(
  browser: Browser,
  served: Served,
  path: string,
  { width = 1280, theme = "light" }: PageOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    colorScheme: theme,
    reducedMotion: "reduce",
    acceptDownloads: true,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // A server that is away is the page's own business to tell.
    const expected = /Failed to load resource/.test(message.text());
    if (message.type() === "error" && !expected) complaints.push(`console: ${message.text()}`);
  });
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("popup", (popup) => complaints.push(`window: ${popup.url()}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(served.url) && !url.startsWith("blob:")) complaints.push(`request: ${url}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      // An error of the page, which is heard of.
      setTimeout(() => {
        throw new Error(`policy: ${violatedDirective} ${blockedURI}`);
      });
    });
  });
  await page.goto(served.url + path);
  return { page, complaints, close: () => context.close() };
}

export type Visit = (page: Page, watched: Watched) => Promise<void>;

/** Opens the page, and holds afterwards that it had nothing to complain of. */
export async function visitPage(browser: Browser, served: Served, path: string, use: Visit): Promise<void> {
  const watched = await openPage(browser, served, path);
  await use(watched.page, watched);
  assert.deepEqual(watched.complaints, []);
  await watched.close();
}
