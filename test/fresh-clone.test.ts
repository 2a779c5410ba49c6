// What a newcomer does: a folder with nothing but what git tracks, and one command.
import { afterAll, expect, test } from "bun:test";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./system/eventually.ts";

const checkout = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "orderwire-fresh-"));
let started: Bun.Subprocess<"ignore", "pipe", "inherit"> | undefined;

afterAll(() => {
  if (started?.exitCode === null) started.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

async function copyTrackedFiles(): Promise<void> {
  const list = Bun.spawn(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: checkout,
    stdout: "pipe",
  });
  for (const file of (await new Response(list.stdout).text()).split("\0").filter(Boolean)) {
    const source = join(checkout, file);
    if (!(await Bun.file(source).exists())) continue;
    cpSync(source, join(folder, file), { recursive: true });
  }
}

test("in a fresh clone `bun run start` installs, serves, takes an order, and Ctrl-C ends it with exit code 0", async () => {
  await copyTrackedFiles();
  started = Bun.spawn([process.execPath, "run", "start"], {
    cwd: folder,
    env: { ...process.env, CART_PORT: "0", ORDER_PORT: "0", LOG_LEVEL: "error" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  let banner = "";
  const reader = started.stdout.getReader();
  const cartUrl = await eventually(async () => {
    const { value } = await reader.read();
    banner += new TextDecoder().decode(value);
    const found = /cart +(http:\S+)/.exec(banner)?.[1];
    if (found === undefined) throw new Error(`no banner yet: ${banner}`);
    return found;
  }, 240_000);

  const created = await fetch(`${cartUrl}/create-order`, {
    method: "POST",
    body: '{"orderId":"ORDER-001","itemsCount":3}',
  });
  expect(created.status).toBe(201);

  started.kill("SIGINT");
  expect(await started.exited).toBe(0);
}, 300_000);
