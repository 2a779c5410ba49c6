// Real runs of what clients are told: what cart answered with 201 has to be on its topic and stored, once.
import type { ProvocationRun, Scene } from "./scene.ts";

const ids = Array.from({ length: 40 }, (_, index) => `ASKED-${index}`);

/** One create over HTTP, noted down with its answer; undefined without one. */
async function create(
  scene: Scene,
  url: string,
  orderId: string,
  idempotencyKey?: string,
): Promise<number | undefined> {
  const status = await post(`${url}/create-order`, { orderId, itemsCount: 2 }, idempotencyKey);
  scene.noteClient({
    request: "create",
    system: "A",
    way: "plain",
    orderId,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    outcome: outcomeOf(status),
    answer: String(status ?? "none"),
  });
  return status;
}

async function post(url: string, body: unknown, idempotencyKey?: string): Promise<number | undefined> {
  const key = idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey };
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...key },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(9000),
    });
    return response.status;
  } catch {
    return undefined;
  }
}

function outcomeOf(status: number | undefined): "ok" | "fail" | "unknown" {
  if (status === 201) return "ok";
  return status !== undefined && status >= 400 && status < 500 ? "fail" : "unknown";
}

async function untilStored(scene: Scene, orderId: string): Promise<void> {
  await scene.until(
    async () => (await scene.sql`SELECT 1 FROM orders WHERE order_id = ${orderId}`).length > 0,
  );
}

/** The broker refuses what cart publishes, for longer than cart waits for it. */
const eventsRefused: ProvocationRun = {
  account: "events",
  async run(scene) {
    const cart = await scene.start("cart");
    await scene.start("order");
    const before = await create(scene, cart.url, "BEFORE");
    const relent = await scene.refuse(scene.settings.KAFKA_ORDER_TOPIC);
    const answers = await Promise.all(ids.map((id) => create(scene, cart.url, id)));
    // Whatever was answered at once is given up by the client only now.
    await Bun.sleep(5000);
    await relent();
    const after = await create(scene, cart.url, "AFTER");
    await untilStored(scene, "AFTER");
    const odd = answers.filter((status) => status !== 201 && (status === undefined || status < 500));
    return [
      ...(before === 201 && after === 201
        ? []
        : [`a create before was answered ${before}, one after ${after}`]),
      ...(odd.length === 0
        ? []
        : [`${odd.length} creates were answered ${odd[0]} while the broker refused them`]),
    ];
  },
};

/** A client asks again under its Idempotency-Key when the cart that it asked first is gone. */
const askedAgain: ProvocationRun = {
  account: "events",
  async run(scene) {
    const first = await scene.start("cart");
    await scene.start("order");
    const ask = (url: string) => Promise.all(ids.map((id) => create(scene, url, id, `key-of-${id}`)));
    const answers = [...(await ask(first.url))];
    await first.kill();
    const second = await scene.start("cart");
    answers.push(...(await ask(second.url)));
    await create(scene, second.url, "AFTER");
    await untilStored(scene, "AFTER");
    // Of a duplicate, all tries.
    await scene.until(async () => (await scene.sql`SELECT 1 FROM parked_records LIMIT 1`).length === 0);
    const refused = answers.filter((status) => status !== 201);
    return refused.length === 0 ? [] : [`${refused.length} creates were answered ${refused[0]}`];
  },
};

export const cartRuns = {
  "events-refused": eventsRefused,
  "asked-again-after-restart": askedAgain,
} as const;
