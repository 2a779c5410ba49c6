// System C in a run: orders that are placed over HTTP on any of the instances, decided by the stand-ins, which live in this
// process and through it all; and what an independent reader finds of them in the end.
import { SQL } from "bun";
import { silentLogger } from "../../kafka/client-fixtures.ts";
import { createBuiltInCatalog } from "../../order/saga/catalog/built-in-catalog.ts";
import { openParticipants, type Participants } from "../../order/saga/participants/open-participants.ts";
import { systemClock } from "../../service/clock.ts";
import type { Settings } from "../../service/settings.ts";
import { createPlainClient } from "../load/plain-client.ts";
import type { Random } from "./random.ts";
import { readSagaTopics } from "./read-sagas.ts";
import { openLineWriter } from "./run-files.ts";

export interface SagaLoadOptions {
  readonly brokers: string;
  readonly settings: Settings;
  readonly databaseUrl: string;
  readonly directory: string;
  readonly random: Random;
  /** 0: none are placed. */
  readonly perSecond: number;
  /** Of the order instances. */
  readonly urls: readonly string[];
}

export interface SagaLoad {
  /** Placed so far and told so. */
  readonly answered: number;
  setRate(perSecond: number): void;
  pause(): void;
  resume(): void;
  /** Places no more, and waits for those that are being placed. */
  finish(): Promise<void>;
  /** Orders without a result, records that are not published, and accounts with something reserved; undefined while the store does not answer. */
  open(): Promise<number | undefined>;
  /** What is on the topics and in the store, into the files of the run. */
  write(): Promise<void>;
  close(): Promise<void>;
}

const clients = 4;
const givesUpAfterMs = 12_000;
/** Customers are rich enough for what they order, but one; of products one is never there. */
const opening = 1_000_000_000;
const brokeCustomer = "CUST-BROKE";
const soldOut = "P-2";
const customers = 100_000;

export function openedWith(account: string): number {
  if (account === soldOut || account === brokeCustomer) return 0;
  return account.startsWith("CUST-") ? 1_000_000 : opening;
}

export async function openSagaLoad(options: SagaLoadOptions): Promise<SagaLoad> {
  const { brokers, settings, databaseUrl, directory, random, urls } = options;
  let { perSecond } = options;
  if (perSecond === 0) return nothing;
  const prices = await readPrices();
  const participants = await openStandIns(brokers, settings);
  const placed = openLineWriter(directory, "sagaAnswered");
  let sql: SQL | undefined;
  let answered = 0;
  let isPaused = false;
  let isEnding = false;
  let due = 0;
  const timer = setInterval(() => {
    if (!isPaused) due = Math.min(due + perSecond / 10, perSecond);
  }, 100);

  async function client(): Promise<void> {
    const connections = urls.map((url) => createPlainClient(url));
    while (!isEnding) {
      if (due < 1) {
        await Bun.sleep(20);
        continue;
      }
      due -= 1;
      const customerId = random.below(5) === 0 ? brokeCustomer : `CUST-${random.below(customers)}`;
      const productId = random.below(5) === 0 ? soldOut : "P-1";
      const body = { customerId, items: [{ productId, quantity: 1, price: prices.get(productId) }] };
      const connection = random.pick(connections);
      const timer = setTimeout(() => connection?.close(), givesUpAfterMs);
      try {
        const answer = await connection?.send("POST", "/api/orders", JSON.stringify(body));
        if (answer?.status === 201) {
          const { orderId }: { orderId: number } = JSON.parse(answer.body);
          placed.write({ orderId });
          answered += 1;
        } else await Bun.sleep(100);
      } catch {
        // Whether it was placed is the account's to say.
        await Bun.sleep(100);
      } finally {
        clearTimeout(timer);
      }
    }
    for (const connection of connections) connection.close();
  }
  const workers = Array.from({ length: clients }, client);

  return {
    get answered() {
      return answered;
    },
    setRate: (rate) => void (perSecond = rate),
    pause: () => void (isPaused = true),
    resume: () => void (isPaused = false),
    async finish() {
      isEnding = true;
      clearInterval(timer);
      await Promise.all(workers);
    },
    async open() {
      sql ??= new SQL(databaseUrl, { max: 1 });
      const rows = await askForOpen(sql);
      if (rows === undefined) return undefined;
      const { payment, stock } = participants.balances();
      const reserved = [...payment.values(), ...stock.values()].filter((balance) => balance.reserved !== 0);
      return (rows[0]?.open ?? 0) + (rows[0]?.unpublished ?? 0) + reserved.length;
    },
    async write() {
      await placed.close();
      await readSagaTopics({ brokers, settings, databaseUrl, directory });
      const { payment, stock } = participants.balances();
      const balances = openLineWriter(directory, "sagaBalances");
      for (const [of, accounts] of [["money", payment] as const, ["pieces", stock] as const]) {
        for (const [account, { available, reserved, booked }] of accounts) {
          balances.write({ of, account, available, reserved, booked, openedWith: openedWith(account) });
        }
      }
      await balances.close();
    },
    async close() {
      isEnding = true;
      clearInterval(timer);
      await Promise.all(workers);
      await participants.close();
      await sql?.close();
    },
  };
}

const nothing: SagaLoad = {
  answered: 0,
  setRate: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
  finish: () => Promise.resolve(),
  open: () => Promise.resolve(0),
  write: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

async function askForOpen(
  sql: SQL,
): Promise<readonly { readonly open: number; readonly unpublished: number }[] | undefined> {
  try {
    return await sql`
      select (select count(*)::int from sagas where status = 'NEW') as open,
        (select coalesce(sum(next_seq - 1 - published_seq), 0)::int from saga_outboxes) as unpublished`;
  } catch (error) {
    if (error instanceof SQL.SQLError) return undefined;
    throw error;
  }
}

async function readPrices(): Promise<ReadonlyMap<string, number>> {
  const products = await createBuiltInCatalog().list();
  if (!products.ok) throw new Error("the built-in catalog has no products");
  return new Map(products.value.map(({ productId, unitPriceCents }) => [productId, unitPriceCents / 100]));
}

async function openStandIns(brokers: string, settings: Settings): Promise<Participants> {
  const catalog = createBuiltInCatalog();
  return await openParticipants({
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
