// The worked example of docs/add-an-event-type.md, applied to this tree: it compiles, and its own tests pass.
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { copyCheckout, linkPackages } from "./copied-checkout.ts";
import { runToEnd } from "./parts/run-to-end.ts";

const copy = copyCheckout();
const { folder } = copy;
afterAll(() => copy.remove());

test("the example applies, compiles, and does what it says", async () => {
  linkPackages(copy);
  const patch = join(import.meta.dirname, "..", "docs", "examples", "order-cancelled.patch");
  await runToEnd(["git", "apply", "--recount", "--unidiff-zero", patch], { cwd: folder });
  const added = await Bun.file(join(folder, "order/order-cancelled.embedded.test.ts")).exists();
  expect(added).toBe(true);
  await runToEnd([process.execPath, "node_modules/.bin/tsc", "--noEmit"], { cwd: folder });
  const tests = ["./order/order-cancelled.embedded.test.ts", "./schemas/golden.test.ts"];
  await runToEnd([process.execPath, "test", "--timeout=60000", ...tests], { cwd: folder });
}, 290_000);
