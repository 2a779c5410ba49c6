// The worked example of docs/add-an-event-type.md, applied to this tree: it compiles, and its own tests pass.
import { afterAll, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runToEnd } from "./parts/run-to-end.ts";

const checkout = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "orderwire-example-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the example applies, compiles, and does what it says", async () => {
  const listed = await runToEnd(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: checkout,
  });
  for (const file of listed
    .split("\0")
    .filter((name) => /\.(?:tsx?|json|avsc|sql|css|svg|toml)$/.test(name))) {
    if (!(await Bun.file(join(checkout, file)).exists())) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(checkout, file), join(folder, file));
  }
  symlinkSync(join(checkout, "node_modules"), join(folder, "node_modules"));

  const patch = join(checkout, "docs", "examples", "order-cancelled.patch");
  await runToEnd(["git", "apply", "--recount", "--unidiff-zero", patch], { cwd: folder });
  const added = await Bun.file(join(folder, "order/order-cancelled.embedded.test.ts")).exists();
  expect(added).toBe(true);
  await runToEnd([process.execPath, "node_modules/.bin/tsc", "--noEmit"], { cwd: folder });
  const tests = ["./order/order-cancelled.embedded.test.ts", "./schemas/golden.test.ts"];
  await runToEnd([process.execPath, "test", "--timeout=60000", ...tests], { cwd: folder });
}, 290_000);
