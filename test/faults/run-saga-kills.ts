// Promises a run of sagas through order while its process is killed, at named points and at random moments; payment and
// stock are the stand-ins, in this process, which lives through it all. The account is read past all code of order.
import { SQL } from "bun";
import { silentLogger } from "../../kafka/client-fixtures.ts";
import { ensureTopics } from "../../kafka/admin.ts";
import { createBuiltInCatalog } from "../../order/saga/catalog/built-in-catalog.ts";
import { openParticipants, type Participants } from "../../order/saga/participants/open-participants.ts";
import { systemClock } from "../../service/clock.ts";
import { readSettings, type Settings } from "../../service/settings.ts";
import { topicSpecs } from "../../service/topics.ts";
import { findFreePort } from "../parts/free-port.ts";
import { type ServiceProcess, spawnService } from "../load/service-process.ts";
import { eventually } from "../system/eventually.ts";
import { readLetter } from "../system/read-letters.ts";
import { readTopic } from "../system/read-topic.ts";
import { environmentOn, type PartsAddresses } from "../system/real-environment.ts";
import { createRandom } from "./plan-load.ts";
import { checkSagaAccount, type FoundDecision, type PublishedOrder } from "./saga-account.ts";

export interface SagaKillOptions {
  readonly addresses: PartsAddresses;
  /** That clients are told of with a 201; a few more come into being, whose answer a kill has cut off. */
  readonly orders: number;
  /** At random moments, after those at the named points. */
  readonly kills: number;
  readonly crashPoints: readonly NonNullable<Settings["CRASH_AT"]>[];
  readonly seed: number;
  readonly onProgress?: (text: string, fraction: number) => void;
}

export interface SagaKillReport {
  readonly answered: number;
  readonly stored: number;
  readonly killed: number;
  /** By result. */
  readonly results: Readonly<Record<string, number>>;
  readonly deadLetters: number;
  /** Sentences of the account; empty when it adds up. */
  readonly faults: readonly string[];
  readonly elapsedMs: number;
}

const clients = 12;
/** Customers are rich enough for what they order, but one; of products one is never there. */
const opening = 1_000_000_000;
const brokeCustomer = "CUST-BROKE";
const soldOut = "P-2";

export async function runSagaKills(options: SagaKillOptions): Promise<SagaKillReport> {
  const { addresses, orders, kills, crashPoints, seed, onProgress = () => undefined } = options;
  const startedAt = performance.now();
  const nextBelow = createRandom(seed);
  const own = environmentOn(addresses);
  const environment = {
    ...(await own.open()),
    HOST: "127.0.0.1",
    LOG_FORMAT: "json",
    SAGA_PARTICIPANTS: "off",
  };
  const read = readSettings(environment);
  if (!read.ok) throw new Error(read.faults.join(" "));
  const settings = read.value;
  const { KAFKA_BROKERS: brokers } = addresses;
  const admin = { brokers, clientId: "suite", logger: silentLogger };
  const made = await ensureTopics({ ...admin, topics: topicSpecs(settings) });
  if (!made.ok) throw new Error(made.failure.message);
  const sql = new SQL(settings.DATABASE_URL ?? "", { max: 1 });
  const participants = await openStandIns(brokers, settings);
  const port = await findFreePort();
  const answered: number[] = [];
  let killed = 0;
  let process: ServiceProcess | undefined;

  async function start(crashAt?: Settings["CRASH_AT"]): Promise<ServiceProcess> {
    process = await spawnService(
      "order",
      { ...environment, ...(crashAt === undefined ? {} : { CRASH_AT: crashAt }) },
      { port },
    );
    return process;
  }

  async function placeUntilEnough(): Promise<void> {
    while (answered.length < orders) {
      const orderId = await place(`http://127.0.0.1:${port}`, nextBelow);
      if (orderId === undefined) await Bun.sleep(50);
      else answered.push(orderId);
    }
  }

  async function untilAnswered(count: number, withinMs = 120_000): Promise<void> {
    await eventually(async () => {
      if (answered.length < count) throw new Error(`${answered.length} of ${count} orders are answered`);
    }, withinMs);
  }

  async function untilSettled(): Promise<void> {
    await eventually(async () => {
      const [row]: readonly { open: number; unpublished: number }[] = await sql`
        select (select count(*)::int from sagas where status = 'NEW') as open,
          (select coalesce(sum(next_seq - 1 - published_seq), 0)::int from saga_outboxes) as unpublished`;
      if (row?.open !== 0 || row.unpublished !== 0)
        throw new Error(`${row?.open} orders are open, ${row?.unpublished} records unpublished`);
      const { payment, stock } = participants.balances();
      if ([...payment.values(), ...stock.values()].some(({ reserved }) => reserved !== 0))
        throw new Error("something is reserved");
    }, 120_000);
  }

  try {
    let placing: readonly Promise<void>[] | undefined;
    const disturbances = crashPoints.length + kills;
    for (const [index, point] of crashPoints.entries()) {
      const order = await start(point);
      placing ??= Array.from({ length: clients }, placeUntilEnough);
      const ended = await order.ended;
      if (ended !== "SIGKILL") throw new Error(`at ${point} it ended with ${ended}: ${order.log()}`);
      killed += 1;
      // It places a share of the orders without a disturbance, so that each point is met in the midst of others.
      await start();
      await untilAnswered((orders * (index + 1)) / (disturbances + 1));
      if (index + 1 < crashPoints.length) await process?.kill();
      onProgress(point, (index + 1) / (disturbances + 1));
    }
    if (process === undefined) await start();
    placing ??= Array.from({ length: clients }, placeUntilEnough);
    for (let kill = 0; kill < kills; kill += 1) {
      const share = (crashPoints.length + kill + nextBelow(100) / 100) / (disturbances + 1);
      await untilAnswered(orders * share);
      await Bun.sleep(nextBelow(40));
      await process?.kill();
      killed += 1;
      await start();
      onProgress(`${kill + 1} kills`, share);
    }
    await Promise.all(placing);
    await untilSettled();
    const source = { brokers, consumerSettings: {} };
    const readJson = async <Dto>(topic: string) =>
      (await readTopic(source, topic)).map(({ value }): Dto => JSON.parse(String(value)));
    const published = await readJson<PublishedOrder>(settings.SAGA_ORDERS_TOPIC);
    const letters = await readTopic(source, settings.SAGA_DLQ_TOPIC);
    const stored: readonly { orderId: number; status: string }[] =
      await sql`select order_id::float8 as "orderId", status from sagas`;
    const { payment: money, stock: pieces } = participants.balances();
    const faults = checkSagaAccount({
      orders: published,
      payment: await readJson<FoundDecision>(settings.SAGA_PAYMENT_TOPIC),
      stock: await readJson<FoundDecision>(settings.SAGA_STOCK_TOPIC),
      stored,
      answered,
      letters: letters.map((record) => readLetter(record).id),
      money,
      pieces,
      openedWith: openedWith,
    });
    const results = Map.groupBy(published, ({ status }) => status);
    return {
      answered: answered.length,
      stored: stored.length,
      killed,
      results: Object.fromEntries([...results].map(([status, records]) => [status, records.length])),
      deadLetters: letters.length,
      faults,
      elapsedMs: performance.now() - startedAt,
    };
  } finally {
    await process?.stop();
    await participants.close();
    await sql.close();
    await own.remove();
  }
}

function openedWith(account: string): number {
  if (account === soldOut) return 0;
  if (account === brokeCustomer) return 0;
  return account.startsWith("CUST-") ? 1_000_000 : opening;
}

/** Undefined when there was no 201: whether it was placed is the account's to say. */
async function place(url: string, nextBelow: (bound: number) => number): Promise<number | undefined> {
  // Many customers, because each has 10,000.00 only.
  const customerId = nextBelow(5) === 0 ? brokeCustomer : `CUST-${nextBelow(100_000)}`;
  const productId = nextBelow(5) === 0 ? soldOut : "P-1";
  try {
    const response = await fetch(`${url}/api/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ customerId, items: [{ productId, quantity: 1, price: prices.get(productId) }] }),
      signal: AbortSignal.timeout(10_000),
    });
    const body: { orderId?: number } = await response.json();
    if (response.status === 400) throw new RangeError(`refused: ${JSON.stringify(body)}`);
    return response.status === 201 ? body.orderId : undefined;
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return undefined;
  }
}

const catalog = createBuiltInCatalog();
const prices = new Map(
  await catalog
    .list()
    .then((products) =>
      products.ok
        ? products.value.map(({ productId, unitPriceCents }) => [productId, unitPriceCents / 100] as const)
        : [],
    ),
);

async function openStandIns(brokers: string, settings: Settings): Promise<Participants> {
  return openParticipants({
    brokers,
    topics: {
      orders: settings.SAGA_ORDERS_TOPIC,
      payment: settings.SAGA_PAYMENT_TOPIC,
      stock: settings.SAGA_STOCK_TOPIC,
    },
    catalog: {
      async lookUp(productIds) {
        const found = await catalog.lookUp(productIds);
        if (!found.ok) return found;
        const stocked = [...found.value].map(
          ([id, product]) => [id, { ...product, stock: openedWith(id) }] as const,
        );
        return { ok: true, value: new Map(stocked) };
      },
    },
    clock: systemClock,
    logger: silentLogger,
    consumerSettings: {},
    groupIds: {
      payment: `${settings.KAFKA_GROUP_ID}-payment`,
      stock: `${settings.KAFKA_GROUP_ID}-stock`,
    },
  });
}
