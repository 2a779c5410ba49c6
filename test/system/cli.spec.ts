// A night on call with nothing but `bun run dlq`, as processes of their own: from a product in which nothing has failed to a burst
// of failures, understood, tried dry, replayed one first, then the rest, and proven by the audit.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { createOrderClient } from "../../contract/client.ts";
import { eventually } from "./eventually.ts";
import { callHttp } from "./http-call.ts";
import type { OpenProduct } from "./open-product.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const burst = 12;

export function describeCli(name: string, prefix: string, open: () => Promise<OpenProduct>): void {
  describe(name, () => {
    let product: OpenProduct;
    const orderIds = Array.from({ length: burst }, (_, index) => `${prefix}BURST-${index}`);

    beforeAll(async () => {
      product = await open();
    }, 60_000);
    afterAll(async () => {
      await product.close();
    }, 30_000);

    async function dlq(...words: readonly string[]) {
      const running = Bun.spawn([process.execPath, "run", "--silent", "dlq", "--", ...words], {
        cwd: root,
        env: { ...process.env, ORDER_URL: product.orderUrl },
        stdout: "pipe",
        stderr: "pipe",
      });
      const [out, told, code] = await Promise.all([
        new Response(running.stdout).text(),
        new Response(running.stderr).text(),
        running.exited,
      ]);
      return { out, told, code };
    }
    const statuses = () =>
      Promise.all(
        orderIds.map(async (orderId) => {
          const url = `${product.orderUrl}/order-details?orderId=${orderId}`;
          return (await callHttp<{ status?: string }>("GET", url)).body.status;
        }),
      );

    test("an empty product says so", async () => {
      expect(await dlq("groups")).toEqual({ out: "Nothing has failed.\n", told: "", code: 0 });
      expect((await dlq("ls")).out).toBe("No dead letter matches.\n");
      expect((await dlq("count")).out).toBe("0\n");
      expect((await dlq("jobs")).out).toBe("Nothing was replayed yet.\n");
      expect((await dlq("audit")).out).toBe("Nothing was ordered yet.\n");
    }, 30_000);

    test("a burst of failures is seen, understood, tried dry, replayed one first, then the rest, and proven", async () => {
      await Promise.all(
        orderIds.map((orderId) =>
          callHttp("PUT", `${product.cartUrl}/update-order`, { orderId, status: "shipped" }),
        ),
      );
      await eventually(async () => expect((await dlq("count")).out).toBe(`${burst}\n`), 30_000);
      const groups = await dlq("groups");
      expect(groups.out.split("\n")[0]).toMatch(/^FINGERPRINT +OPEN +ALL +LAST SEEN +REASON +FAILURE$/);
      const fingerprint = /^([0-9a-f]{16}) +12 +12 .*unknown_order +UPDATE request for unknown order/m.exec(
        groups.out,
      )?.[1];
      const filter = ["--filter", `fingerprint=${fingerprint}`];
      const id = (await dlq("ls", ...filter, "--limit", "1")).out.split("\n")[1]?.split(/ +/)[3] ?? "";
      const shown = await dlq("show", id);
      expect(shown.out).toContain('"status": "shipped"');
      expect(shown.out).toContain("does not exist");

      const dry = await dlq("replay", ...filter, "--dry-run");
      expect(dry.out).toContain(`${burst} would fail again`);
      await Promise.all(
        orderIds.map((orderId) =>
          callHttp("POST", `${product.cartUrl}/create-order`, { orderId, itemsCount: 1 }),
        ),
      );
      await eventually(async () => expect(await statuses()).toEqual(orderIds.map(() => "new")), 30_000);
      expect((await dlq("replay", ...filter, "--dry-run")).out).toContain(`${burst} would be applied`);

      const canary = await dlq(
        "replay",
        ...filter,
        "--reason",
        "the creates came",
        "--canary",
        "1",
        "--wait",
      );
      expect(canary).toMatchObject({ code: 0, out: expect.stringContaining("paused (canary): 1 applied") });
      const job = /bun run dlq -- resume (\S+)/.exec(canary.told)?.[1] ?? "";
      expect((await statuses()).filter((status) => status === "shipped")).toHaveLength(1);

      await dlq("rate", job, "--rate", "5", "--reason", "gently");
      const rest = await dlq("resume", job, "--reason", "the first one is well", "--wait");
      expect(rest).toMatchObject({
        code: 0,
        out: expect.stringContaining(`The replay is done: ${burst} applied`),
      });
      // Nobody watches: whole lines, and nothing that moves a cursor.
      const lines = rest.told.trimEnd().split("\n");
      expect(lines.length).toBeGreaterThanOrEqual(2);
      for (const line of lines) expect(line).toMatch(/^\d+ applied, .* \d+ left of 12$/);
      expect(rest.told).not.toContain("\u001b");

      expect(await statuses()).toEqual(orderIds.map(() => "shipped"));
      expect((await dlq("count", ...filter, "--filter", "state=open")).out).toBe("0\n");
      expect((await dlq("items", job, "--state", "applied")).out.trimEnd().split("\n")).toHaveLength(
        1 + burst,
      );
      const audit = (await dlq("audit")).out.split("\n").slice(1, -1);
      expect(audit.map((line) => /(replays\.\w+)/.exec(line)?.[1])).toEqual([
        "replays.resume",
        "replays.setRate",
        "replays.start",
      ]);
      expect(audit.at(-1)).toContain(`Done: of ${burst} dead letters ${burst} applied`);
    }, 90_000);

    test("for machines every answer is one line of JSON with the contract's fields", async () => {
      const told = async (...words: readonly string[]): Promise<Record<string, unknown>> => {
        const { out, code } = await dlq(...words, "--json");
        expect(code).toBe(0);
        expect(out.trimEnd().split("\n")).toHaveLength(1);
        return JSON.parse(out);
      };
      const client = createOrderClient(product.orderUrl);
      expect(await told("ls", "--limit", "2")).toEqual(await client.dlq.list.query({ limit: 2 }));
      expect(await told("count", "--filter", "state=resolved")).toEqual({ count: burst, exact: true });
      expect(Object.keys(await told("replay", "--all", "--dry-run"))).toEqual([
        "total",
        "examined",
        "leftOut",
        "counts",
        "samples",
        "failures",
      ]);
      const job = await told("replay", "--all", "--reason", "nothing is left", "--wait");
      expect(job).toMatchObject({ state: "done", total: 0, gathering: false, left: 0 });
      expect(await told("jobs")).toEqual(await client.replays.list.query({ limit: 50 }));
      expect(await told("audit")).toEqual(await client.audit.list.query({ limit: 50 }));
    }, 60_000);

    test("on a terminal a wait is a bar", async () => {
      const drawn: string[] = [];
      const running = Bun.spawn(
        [process.execPath, "run", "--silent", "dlq", "--", "replay", "--all", "--reason", "again", "--wait"],
        {
          cwd: root,
          env: { ...process.env, ORDER_URL: product.orderUrl },
          terminal: {
            cols: 100,
            rows: 30,
            data: (_terminal, data) => void drawn.push(Buffer.from(data).toString()),
          },
        },
      );
      expect(await running.exited).toBe(0);
      await eventually(async () => expect(drawn.join("")).toContain("The replay is done"));
      expect(drawn.join("")).toContain(`\r\u001b[2K${"█".repeat(30)} 100 %`);
    }, 30_000);

    test("what is wrong is one sentence and an exit code of its own", async () => {
      const wrong = await dlq("show", "order-events/0/999999");
      expect(wrong).toMatchObject({ code: 1, out: "" });
      expect(wrong.told).toContain("There is no dead letter 'order-events/0/999999'");
      expect((await dlq("replay", "--reason", "x")).code).toBe(2);
      expect((await dlq("items", crypto.randomUUID())).code).toBe(1);
    }, 30_000);
  });
}
