// `bun run bench -- growth`: what an event costs with more and more stored orders and dead letters, what memory order takes
// at its start, at rest and under load, how long a start takes, and whether memory is flat while very much is done.
import { createLogger } from "../../service/logger.ts";
import { openParts } from "../../service/open-parts.ts";
import { readSettings } from "../../service/settings.ts";
import { findFreePort } from "../../test/parts/free-port.ts";
import type { BenchPart, PartContext } from "../bench-part.ts";
import { createDatabase, databaseMb, type StoreKind, storesOf } from "../databases.ts";
import { createsAmong, eventsUntil, type IdOrder } from "../order-events.ts";
import { preload } from "../preload.ts";
import type { MeasuredCase } from "../report/result-file.ts";
import { type Heat, type RoundOutcome, runRounds } from "../run-rounds.ts";
import { measureCartLoad } from "./cart-load.ts";
import {
  cartLoadConnections,
  cartLoadName,
  embeddedName,
  flatnessGroup,
  growthGroup,
  onServersName,
  orderLoadName,
  startGroup,
  type Stored,
  storedName,
} from "./growth-names.ts";
import { embedded, measureStart } from "./start-up.ts";
import { fillTemplates, type StoredTemplates } from "./stored-templates.ts";
import { measureTopicLoad } from "./topic-load.ts";

export const growth: BenchPart = {
  name: "growth",
  full: {
    orders: [0, 1_000_000, 5_000_000],
    letters: [0, 100_000, 500_000],
    events: 100_000,
    seconds: 20,
    rounds: 2,
    store: "both",
    only: "",
  },
  quick: {
    orders: [0, 50_000],
    letters: [0, 5_000],
    events: 30_000,
    seconds: 4,
    rounds: 1,
    store: "both",
    only: "",
  },
  run: benchGrowth,
};

/** A long load is so many times what the other cases take. */
const longLoad = 5;

async function benchGrowth(context: PartContext): Promise<readonly MeasuredCase[]> {
  const { options, display } = context;
  const stored = storedOf(options.orders, options.letters);
  const kinds = storesOf(options.store).filter((kind) => kind !== "sqlite-memory");
  const isChosen = ({ group, name }: Heat) => `${group}, ${name}`.includes(options.only);
  const starts = startHeats(context).filter(isChosen);
  const long = [
    ...kinds.map((kind) => orderHeat(context, kind)),
    ...cartLoadConnections.map((connections) => cartHeat(context, connections)),
  ].filter(isChosen);
  const cases = [
    ...(await runRounds(starts, options.rounds, display)),
    ...(await runRounds(long, 1, display)),
  ];
  const topics = createTopics(context);
  for (const kind of kinds) {
    const group = growthGroup(kind);
    const chosen = stored.filter((one) => `${group}, ${storedName(one)}`.includes(options.only));
    if (chosen.length === 0) continue;
    for (const { orders, idOrder } of chosen) await topics.fullAfter(orders, options.events, idOrder);
    const templates = await fillTemplates(kind, context.servers.environment.DATABASE_URL, chosen, (stage) =>
      display.show({ stage, fraction: 0 }),
    );
    try {
      const heats = chosen.map((one) => ({
        group,
        name: storedName(one),
        run: () => storedHeat(context, templates, topics, one),
      }));
      cases.push(...(await runRounds(heats, options.rounds, display)));
    } finally {
      await templates.drop();
    }
  }
  return cases;
}

/**
 * The empty one first, then those with orders, then those with dead letters; all of them with ids in the order of time, those of
 * orders also with ids in no order.
 */
function storedOf(orders: readonly number[], letters: readonly number[]): readonly Stored[] {
  const sorted = (counts: readonly number[]) =>
    [...new Set(counts)].filter((count) => count > 0).toSorted((one, other) => one - other);
  const withOrders = (idOrder: IdOrder): Stored[] =>
    [0, ...sorted(orders)].map((count) => ({ orders: count, letters: 0, idOrder }));
  return [
    ...withOrders("time"),
    ...sorted(letters).map((count) => ({ orders: 0, letters: count, idOrder: "time" as const })),
    ...withOrders("none"),
  ];
}

function startHeats({ servers, options }: PartContext): readonly Heat[] {
  const onServers = async (service: "cart" | "order", kind: StoreKind): Promise<RoundOutcome> => {
    const database = await createDatabase(kind, servers.environment.DATABASE_URL);
    try {
      const environment = { ...servers.environment, ...newTopics(), DATABASE_URL: database.url };
      return { figures: { ...(await measureStart(service, environment)) } };
    } finally {
      await database.drop();
    }
  };
  return [
    {
      group: startGroup,
      name: embeddedName,
      run: async () => ({ figures: { ...(await measureStart("both", embedded)) } }),
    },
    { group: startGroup, name: onServersName("cart"), run: () => onServers("cart", "postgres") },
    ...storesOf(options.store)
      .filter((kind) => kind !== "sqlite-memory")
      .map((kind) => ({
        group: startGroup,
        name: onServersName("order", kind),
        run: () => onServers("order", kind),
      })),
  ];
}

function orderHeat(context: PartContext, kind: StoreKind): Heat {
  const { servers, options } = context;
  const events = options.events * longLoad;
  return {
    group: flatnessGroup,
    name: orderLoadName(kind),
    async run() {
      const environment = await createTopics(context).fullAfter(0, events, "none");
      const database = await createDatabase(kind, servers.environment.DATABASE_URL);
      try {
        // With its tables: how far it is, is asked before the service has made them.
        await measureStart("order", { ...environment, ...newTopics(), DATABASE_URL: database.url });
        return await measureTopicLoad({ environment, database, events, orders: createsAmong(events) });
      } finally {
        await database.drop();
      }
    },
  };
}

function cartHeat({ servers, options }: PartContext, connections: number): Heat {
  return {
    group: flatnessGroup,
    name: cartLoadName(connections),
    async run() {
      const port = await findFreePort();
      const environment = { ...servers.environment, ...newTopics(), CART_PORT: String(port) };
      return measureCartLoad({ environment, port, connections, seconds: options.seconds });
    },
  };
}

/** A start on empty topics, then the full topic, both on the same copy. */
async function storedHeat(
  { servers, options }: PartContext,
  templates: StoredTemplates,
  topics: FullTopics,
  stored: Stored,
): Promise<RoundOutcome> {
  const { events } = options;
  const full = await topics.fullAfter(stored.orders, events, stored.idOrder);
  const database = await templates.copyOf(stored);
  try {
    const idle = { ...servers.environment, ...newTopics(), DATABASE_URL: database.url };
    const storedMb = await databaseMb(database);
    const start = await measureStart("order", idle);
    const first = eventsUntil(stored.orders);
    const { figures, series } = await measureTopicLoad({
      environment: { ...full, KAFKA_GROUP_ID: newName() },
      database,
      events,
      orders: createsAmong(first + events),
    });
    return { figures: { ...start, ...figures, storedMb }, ...(series === undefined ? {} : { series }) };
  } finally {
    await database.drop();
  }
}

interface FullTopics {
  /** Settings with a topic of so many events, which come after so many creates; made once. */
  fullAfter(orders: number, events: number, idOrder: IdOrder): Promise<Environment>;
}

type Environment = Readonly<Record<string, string>> & { readonly KAFKA_ORDER_TOPIC: string };

function createTopics({ servers, display }: PartContext): FullTopics {
  const made = new Map<string, Promise<Environment>>();
  async function make(orders: number, events: number, idOrder: IdOrder): Promise<Environment> {
    const environment = { ...servers.environment, ...newTopics(), SIMULATED_FAILURES: "off" };
    const read = readSettings(environment);
    if (!read.ok) throw new Error(read.faults.join(" "));
    const parts = openParts(read.value);
    const logger = createLogger({ level: "warn", format: "json" });
    await preload({
      settings: read.value,
      parts,
      logger,
      events,
      from: eventsUntil(orders),
      idOrder,
      onProgress: (done) => display.show({ stage: "events published", fraction: done / events }),
    });
    parts.close();
    return environment;
  }
  return {
    fullAfter(orders, events, idOrder) {
      const key = `${orders} ${idOrder}`;
      const topic = made.get(key) ?? make(orders, events, idOrder);
      made.set(key, topic);
      return topic;
    },
  };
}

function newName(): string {
  return `bench-${crypto.randomUUID().slice(0, 8)}`;
}

/** Also those of system C: an order service has them all. */
function newTopics() {
  const name = newName();
  return {
    KAFKA_GROUP_ID: name,
    KAFKA_ORDER_TOPIC: `${name}-order-events`,
    KAFKA_STATUS_UPDATE_TOPIC: `${name}-status-updates`,
    KAFKA_DLQ_TOPIC: `${name}-dlq`,
    SAGA_ORDERS_TOPIC: `${name}-orders`,
    SAGA_PAYMENT_TOPIC: `${name}-payment`,
    SAGA_STOCK_TOPIC: `${name}-stock`,
    SAGA_DLQ_TOPIC: `${name}-recoverer`,
  };
}
