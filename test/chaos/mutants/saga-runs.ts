// Real runs of system C: the suite places orders over HTTP and decides as payment and stock would, also what they never should.
import { readLetter } from "../../system/read-letters.ts";
import { readTopic } from "../../system/read-topic.ts";
import { checkSagaCases, type FoundSagas, type SagaCase } from "./saga-cases.ts";
import type { ProvocationRun, Scene } from "./scene.ts";

type Side = "payment" | "stock";
type Answer = "ACCEPT" | "REJECT";

const items = [{ productId: "P-1", quantity: 2, price: 10 }];
const windowMs = 2000;
const environment = { SAGA_JOIN_WINDOW: `PT${windowMs / 1000}S` };

/** Undefined without a 201. */
async function place(url: string): Promise<number | undefined> {
  try {
    const response = await fetch(`${url}/api/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ customerId: "CUST-1", items }),
      signal: AbortSignal.timeout(9000),
    });
    const body: { orderId?: number } = await response.json();
    return response.status === 201 ? body.orderId : undefined;
  } catch {
    return undefined;
  }
}

async function placeAll(url: string, count: number): Promise<readonly number[]> {
  const placed = await Promise.all(Array.from({ length: count }, () => place(url)));
  const orderIds = placed.filter((orderId) => orderId !== undefined);
  if (orderIds.length < count)
    throw new Error(`${count - orderIds.length} of ${count} orders were not placed`);
  return orderIds.toSorted((left, right) => left - right);
}

/** Answers the id that its dead letter would have. */
async function decide(
  scene: Scene,
  side: Side,
  orderId: number,
  answer: Answer,
  timestampMs = Date.now(),
): Promise<string> {
  const source = side === "payment" ? "PAYMENT" : "INVENTORY";
  const value = JSON.stringify({ orderId, customerId: "CUST-1", status: answer, source, items });
  const topic = side === "payment" ? scene.settings.SAGA_PAYMENT_TOPIC : scene.settings.SAGA_STOCK_TOPIC;
  const { partition, offset } = await scene.produce({
    topic,
    key: Buffer.from(String(orderId)),
    value: Buffer.from(value),
    timestampMs,
  });
  return `${topic}/${partition}/${offset}`;
}

async function findSagas({ brokers, settings }: Scene): Promise<FoundSagas> {
  const source = { brokers, consumerSettings: {} };
  const published = new Map<number, string[]>();
  for (const { value } of await readTopic(source, settings.SAGA_ORDERS_TOPIC)) {
    const dto: { orderId: number; status: string; source: string | null } = JSON.parse(String(value));
    published.set(dto.orderId, [...(published.get(dto.orderId) ?? []), `${dto.status} ${dto.source}`]);
  }
  const letters = await readTopic(source, settings.SAGA_DLQ_TOPIC);
  return { published, letters: letters.map((record) => readLetter(record).id) };
}

/** Asked again for a while: what is still missing may be on its way. */
async function faultsOf(
  scene: Scene,
  cases: readonly SagaCase[],
  withinMs = 8000,
): Promise<readonly string[]> {
  let faults: readonly string[] = [];
  await scene.until(async () => {
    faults = checkSagaCases(cases, await findSagas(scene));
    return faults.length === 0;
  }, withinMs);
  return faults;
}

const confirmed = ["NEW null", "CONFIRMED null"];
const caseOf = (name: string, orderId: number, parts: Partial<SagaCase>): SagaCase => ({
  name,
  orderId,
  published: confirmed,
  letters: [],
  joined: [],
  ...parts,
});

const decisionsByHand: ProvocationRun = {
  account: "own",
  environment,
  async run(scene) {
    const order = await scene.start("order");
    const [both, byPayment, byStock, copied, apart, alone] = await placeAll(order.url, 6);
    if (both === undefined || byPayment === undefined || byStock === undefined) return ["too few orders"];
    if (copied === undefined || apart === undefined || alone === undefined) return ["too few orders"];
    const cases: SagaCase[] = [];
    const accepted = [
      await decide(scene, "payment", both, "ACCEPT"),
      await decide(scene, "stock", both, "ACCEPT"),
    ];
    cases.push(caseOf("both accept", both, { joined: accepted }));
    await decide(scene, "payment", byPayment, "REJECT");
    await decide(scene, "stock", byPayment, "ACCEPT");
    cases.push(caseOf("payment refuses", byPayment, { published: ["NEW null", "ROLLBACK PAYMENT"] }));
    await decide(scene, "payment", byStock, "ACCEPT");
    await decide(scene, "stock", byStock, "REJECT");
    cases.push(caseOf("stock refuses", byStock, { published: ["NEW null", "ROLLBACK INVENTORY"] }));
    const copies = [
      await decide(scene, "payment", copied, "ACCEPT"),
      await decide(scene, "payment", copied, "ACCEPT"),
      await decide(scene, "stock", copied, "ACCEPT"),
    ];
    await scene.until(async () => ((await findSagas(scene)).published.get(copied)?.length ?? 0) > 1, 5000);
    copies.push(
      await decide(scene, "payment", copied, "ACCEPT"),
      await decide(scene, "stock", copied, "ACCEPT"),
    );
    cases.push(caseOf("decided twice", copied, { joined: copies }));
    // A minute between what they say, and a moment between their arrivals.
    const far = [
      await decide(scene, "payment", apart, "ACCEPT"),
      await decide(scene, "stock", apart, "ACCEPT", Date.now() - 60_000),
    ];
    cases.push(caseOf("a minute apart", apart, { published: ["NEW null"], letters: far }));
    const lonely = [await decide(scene, "payment", alone, "ACCEPT")];
    cases.push(caseOf("the other side never decides", alone, { published: ["NEW null"], letters: lonely }));
    await Bun.sleep(windowMs + 1500);
    return await faultsOf(scene, cases, 5000);
  },
};

function killedAt(point: string): ProvocationRun {
  return {
    account: "own",
    environment,
    async run(scene) {
      const first = await scene.start("order");
      const orderIds = await placeAll(first.url, 20);
      await first.stop();
      const ended = await scene.startUntil(point, async () => {
        for (const orderId of orderIds) {
          const nowMs = Date.now();
          await decide(scene, "payment", orderId, "ACCEPT", nowMs);
          await decide(scene, "stock", orderId, "ACCEPT", nowMs);
        }
      });
      await scene.start("order");
      const faults = await faultsOf(
        scene,
        orderIds.map((orderId) => caseOf(`killed at ${point}`, orderId, {})),
      );
      return ended === "SIGKILL" ? faults : [...faults, `order did not die at ${point}: ${ended}`];
    },
  };
}

/** Killed just after a result was saved, again and again: some of the kills fall between outbox and topic. */
const killedWhilePublishing: ProvocationRun = {
  account: "own",
  environment,
  async run(scene) {
    let order = await scene.start("order");
    const orderIds = await placeAll(order.url, kills * ofKill);
    for (let kill = 0; kill < kills; kill += 1) {
      const decided = orderIds.slice(kill * ofKill, (kill + 1) * ofKill);
      const nowMs = Date.now();
      for (const side of ["payment", "stock"] as const)
        await Promise.all(decided.map((orderId) => decide(scene, side, orderId, "ACCEPT", nowMs)));
      await untilSettled(scene, decided[0] ?? 0);
      await Bun.sleep((kill % 4) * 2);
      await order.kill();
      order = await scene.start("order");
    }
    return await faultsOf(
      scene,
      orderIds.map((orderId) => caseOf("killed while publishing", orderId, {})),
    );
  },
};
const kills = 8;
const ofKill = 5;

/** Asks without a pause: the moment after is what it is about. */
async function untilSettled({ sql }: Scene, orderId: number): Promise<void> {
  const untilMs = performance.now() + 8000;
  while (performance.now() < untilMs) {
    const rows = await sql`SELECT 1 FROM sagas WHERE order_id = ${orderId} AND status <> 'NEW'`;
    if (rows.length > 0) return;
  }
}

const storeLocked: ProvocationRun = {
  account: "own",
  environment,
  async run(scene) {
    const order = await scene.start("order");
    const orderIds = await placeAll(order.url, 20);
    const unlock = await scene.lock("sagas");
    const nowMs = Date.now();
    for (const orderId of orderIds) await decide(scene, "payment", orderId, "ACCEPT", nowMs);
    await Bun.sleep(800);
    await order.kill();
    const faults = await scene.lookNow("killed while the store was locked");
    await unlock();
    await scene.start("order");
    for (const orderId of orderIds) await decide(scene, "stock", orderId, "ACCEPT", nowMs);
    const cases = orderIds.map((orderId) => caseOf("decided while the store was locked", orderId, {}));
    return [...faults, ...(await faultsOf(scene, cases))];
  },
};

export const sagaRuns = {
  "saga-decisions-by-hand": decisionsByHand,
  "saga-killed-after-save": killedAt("saga-after-save"),
  "saga-killed-after-publish": killedAt("saga-after-publish"),
  "saga-killed-while-publishing": killedWhilePublishing,
  "saga-store-locked": storeLocked,
} as const;
