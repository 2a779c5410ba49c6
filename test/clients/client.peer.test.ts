// The package that `bun run client` makes, used as a stranger would: one program, unchanged, in every runtime.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packClient } from "../../scripts/client-package.ts";
import { runToEnd } from "../parts/run-to-end.ts";
import { openEmbeddedProduct, type OpenProduct } from "../system/open-product.ts";
import { serveBrowserPage } from "./serve-browser-page.ts";
import type { Seen } from "./use-client.ts";

const node = process.env["PEER_NODE"];
const deno = process.env["PEER_DENO"];
const chromium = process.env["PEER_CHROMIUM"];
const root = join(import.meta.dirname, "..", "..");

/** What every runtime must see of an order. */
function seenOf(orderId: string): Seen {
  return {
    created: orderId,
    repeated: orderId,
    details: { status: "new", shippingCost: expect.any(Number) },
    missing: { code: "not_found", retryable: false },
    refused: ["Field 'itemCount' must be at least 1"],
    watched: ["new", "shipped"],
    away: { code: "outcome_unknown", outcome: "unknown" },
  };
}

describe("the packed client", () => {
  const folder = mkdtempSync(join(tmpdir(), "orderwire-consumer-"));
  let product: OpenProduct;
  beforeAll(async () => {
    const archive = await packClient(folder);
    // What an installation leaves, without what only its types need: the module has to do with itself.
    const installed = join(folder, "node_modules", "@orderwire", "client");
    mkdirSync(installed, { recursive: true });
    await runToEnd(["tar", "xzf", archive, "-C", installed, "--strip-components=1"]);
    const source = await Bun.file(join(import.meta.dirname, "use-client.ts")).text();
    writeFileSync(join(folder, "use-client.js"), new Bun.Transpiler({ loader: "ts" }).transformSync(source));
    writeFileSync(join(folder, "package.json"), '{"private":true,"type":"module"}\n');
    writeFileSync(
      join(folder, "main.js"),
      'import process from "node:process";\nimport { useClient } from "./use-client.js";\nconst [cart, order, id] = process.argv.slice(2);\nconsole.log(JSON.stringify(await useClient(cart, order, id)));\n',
    );
    product = await openEmbeddedProduct();
  }, 120_000);
  afterAll(async () => {
    await product.close();
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  const seenBy = async (orderId: string, command: readonly string[]): Promise<unknown> => {
    const { cartUrl, orderUrl } = product;
    const out = await runToEnd([...command, cartUrl, orderUrl, orderId], { cwd: folder });
    return JSON.parse(out);
  };

  test("creates, reads and tells errors by their code in Bun", async () => {
    expect(await seenBy("BUN-1", [process.execPath, "main.js"])).toEqual(seenOf("BUN-1"));
  }, 60_000);

  test.skipIf(node === undefined)(
    "does the same in Node",
    async () => {
      expect(await seenBy("NODE-1", [node ?? "", "main.js"])).toEqual(seenOf("NODE-1"));
    },
    60_000,
  );

  test.skipIf(deno === undefined)(
    "does the same in Deno, with nothing allowed but the network",
    async () => {
      const command = [deno ?? "", "run", "--quiet", "--allow-net", "--node-modules-dir=manual", "main.js"];
      expect(await seenBy("DENO-1", command)).toEqual(seenOf("DENO-1"));
    },
    60_000,
  );

  test.skipIf(chromium === undefined)(
    "does the same in a browser",
    async () => {
      const page = serveBrowserPage(product, folder, "BROWSER-1");
      const browser = Bun.spawn(
        [
          chromium ?? "",
          "--headless",
          "--no-sandbox",
          "--disable-gpu",
          "--no-first-run",
          "--disable-background-networking",
          `--user-data-dir=${join(folder, "profile")}`,
          page.url,
        ],
        { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
      );
      try {
        expect(await page.told).toEqual(seenOf("BROWSER-1"));
      } finally {
        browser.kill();
        await browser.exited;
        page.stop();
      }
    },
    60_000,
  );

  test("has types that a strict program compiles against, and that refuse its mistakes", async () => {
    const typed = join(folder, "typed");
    mkdirSync(join(typed, "node_modules"), { recursive: true });
    for (const name of ["@trpc", "zod"])
      symlinkSync(join(root, "node_modules", name), join(typed, "node_modules", name));
    symlinkSync(join(folder, "node_modules", "@orderwire"), join(typed, "node_modules", "@orderwire"));
    copyFileSync(join(import.meta.dirname, "use-client.ts"), join(typed, "use-client.ts"));
    writeFileSync(join(typed, "package.json"), '{"private":true,"type":"module"}\n');
    const tsc = join(root, "node_modules", ".bin", "tsc");
    const options = [
      "--noEmit",
      "--strict",
      "--module",
      "NodeNext",
      "--target",
      "ES2022",
      "--types",
      "",
      "--preserveSymlinks",
    ];
    await runToEnd([process.execPath, tsc, ...options, "--lib", "ESNext,DOM", "use-client.ts"], {
      cwd: typed,
    });
  }, 120_000);
});
