// What a replays' suite does past the browser: failures are made, mended and counted over HTTP.
import type { Served } from "./browser.ts";
import { until } from "./eventually-in-node.ts";

interface ToldJob {
  readonly id: string;
  readonly state: string;
  readonly total: number;
  readonly endedAt: string | null;
  readonly counts: { readonly applied: number; readonly skipped: number };
}

export function replayTools({ url, cartUrl }: Served) {
  const send = (method: string, to: string, body: unknown) =>
    fetch(to, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

  async function countLetters(query: string): Promise<number> {
    const told: { readonly count: number } = await (
      await fetch(`${url}/ops/dead-letters/count?${query}`)
    ).json();
    return told.count;
  }
  async function statusOf(orderId: string): Promise<string | undefined> {
    const told: { readonly status?: string } = await (
      await fetch(`${url}/order-details?orderId=${orderId}`)
    ).json();
    return told.status;
  }
  return {
    countLetters,
    statuses: (orderIds: readonly string[]) => Promise.all(orderIds.map(statusOf)),

    /** Updates of system A whose orders are not there yet: dead letters at once. */
    async failEarly(name: string, count: number): Promise<readonly string[]> {
      const orderIds = Array.from({ length: count }, (_, index) => `${name}-${index}`);
      const already = await countLetters(`text=${name}`);
      await Promise.all(
        orderIds.map((orderId) => send("PUT", `${cartUrl}/api/update-order`, { orderId, status: "shipped" })),
      );
      await until(
        `${count} of ${name} failed`,
        async () => (await countLetters(`text=${name}`)) >= already + count,
      );
      return orderIds;
    },

    async create(orderIds: readonly string[]): Promise<void> {
      await Promise.all(
        orderIds.map((orderId) => send("POST", `${cartUrl}/api/create-order`, { orderId, numItems: 2 })),
      );
      await until("the orders are there", async () => {
        const statuses = await Promise.all(orderIds.map(statusOf));
        return statuses.every((status) => status !== undefined);
      });
    },

    /** Newest first. */
    async replays(): Promise<readonly ToldJob[]> {
      const told: { readonly replays: ToldJob[] } = await (await fetch(`${url}/ops/replays`)).json();
      return told.replays;
    },

    /** Nothing of before is open for the next test. */
    async settle(): Promise<void> {
      await send("POST", `${url}/ops/dead-letters/discard`, {
        scope: { filter: {} },
        reason: "the next test",
      });
    },
  };
}
