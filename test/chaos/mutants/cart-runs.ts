// Real runs of what clients are told: what cart answered with 201 has to be stored, once.
import type { ProvocationRun, Scene } from "./scene.ts";

const ids = Array.from({ length: 40 }, (_, index) => `ASKED-${index}`);

/** Undefined without an answer. */
async function create(url: string, orderId: string, key?: string): Promise<number | undefined> {
  try {
    const response = await fetch(`${url}/create-order`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
      body: JSON.stringify({ orderId, itemsCount: 2 }),
      signal: AbortSignal.timeout(9000),
    });
    return response.status;
  } catch {
    return undefined;
  }
}

async function storedIds({ sql }: Scene): Promise<ReadonlySet<string>> {
  const rows: readonly { id: string }[] = await sql`SELECT order_id AS id FROM orders`;
  return new Set(rows.map(({ id }) => id));
}

/** The broker refuses what cart publishes, for longer than cart waits for it. */
const eventsRefused: ProvocationRun = {
  account: "own",
  async run(scene) {
    const cart = await scene.start("cart");
    await scene.start("order");
    const before = await create(cart.url, "BEFORE");
    const relent = await scene.refuse(scene.settings.KAFKA_ORDER_TOPIC);
    const answers = await Promise.all(ids.map(async (id) => ({ id, status: await create(cart.url, id) })));
    // Whatever was answered at once is given up by the client only now.
    await Bun.sleep(5000);
    await relent();
    const after = await create(cart.url, "AFTER");
    await scene.until(async () => (await storedIds(scene)).has("AFTER"));
    const stored = await storedIds(scene);
    const lost = answers.filter(({ id, status }) => status === 201 && !stored.has(id)).map(({ id }) => id);
    const unclear = answers.filter(({ status }) => status !== 201 && status !== 503);
    return [
      ...(before === 201 && after === 201
        ? []
        : [`a create before was answered ${before}, one after ${after}`]),
      ...(lost.length === 0
        ? []
        : [`${lost.length} × was acknowledged and is not stored: ${lost.slice(0, 5).join(", ")}`]),
      ...unclear.map(({ id, status }) => `${id} was answered ${status} while the broker refused it`),
    ];
  },
};

/** A client asks again under its Idempotency-Key when the cart that it asked first is gone. */
const askedAgain: ProvocationRun = {
  account: "own",
  async run(scene) {
    const first = await scene.start("cart");
    await scene.start("order");
    const ask = (url: string) => Promise.all(ids.map((id) => create(url, id, `key-of-${id}`)));
    const answers = [...(await ask(first.url))];
    await first.kill();
    const second = await scene.start("cart");
    answers.push(...(await ask(second.url)));
    await create(second.url, "AFTER");
    await scene.until(async () => {
      const [row]: readonly { orders: number; read: number }[] = await scene.sql`
        SELECT (SELECT count(*)::int FROM orders) AS orders,
          (SELECT coalesce(sum(next_offset), 0)::int FROM source_claims) AS read`;
      return row?.orders === ids.length + 1 && row.read >= answers.length + 1;
    });
    const parked: readonly { lane: string }[] = await scene.sql`
      SELECT convert_from(key, 'UTF8') AS lane FROM parked_records UNION
      SELECT convert_from(key, 'UTF8') FROM dead_letters WHERE key IS NOT NULL`;
    const refused = answers.filter((status) => status !== 201);
    return [
      ...(refused.length === 0 ? [] : [`${refused.length} creates were answered ${refused[0]}`]),
      ...(parked.length === 0
        ? []
        : [
            `${parked.length} × a repeat under its Idempotency-Key has failed as a duplicate: ${parked
              .slice(0, 5)
              .map(({ lane }) => lane)
              .join(", ")}`,
          ]),
    ];
  },
};

export const cartRuns = {
  "events-refused": eventsRefused,
  "asked-again-after-restart": askedAgain,
} as const;
