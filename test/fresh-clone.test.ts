// What a newcomer does: a folder with nothing but what git tracks, and one command.
import { afterAll, expect, test } from "bun:test";
import { copyCheckout, type CopiedCheckout } from "./copied-checkout.ts";
import { eventually } from "./system/eventually.ts";

let clone: CopiedCheckout | undefined;
let started: Bun.Subprocess<"ignore", "pipe", "inherit"> | undefined;

afterAll(() => {
  if (started?.exitCode === null) started.kill("SIGKILL");
  clone?.remove();
});

test("in a fresh clone `bun run start` installs, serves, takes an order, and Ctrl-C ends it with exit code 0", async () => {
  clone = copyCheckout();
  started = Bun.spawn([process.execPath, "run", "start"], {
    cwd: clone.folder,
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
