// Who is measured: our order service and the Kafka Streams program, each with a database, topics and a group of its own for
// every run, and with the check that its database says what the topic says.
import { SQL } from "bun";
import { openOrderStore } from "../../order/store/open-order-store.ts";
import type { Logger } from "../../service/logger.ts";
import { openParts } from "../../service/open-parts.ts";
import { readSettings } from "../../service/settings.ts";
import { keepTopics } from "../../service/topics.ts";
import type { SagaCase } from "../cases/saga-case.ts";
import { kafkaStreams, orderService } from "../cases/saga-programs.ts";
import { createPostgresDatabase } from "../databases.ts";
import type { StreamsProgram } from "../peers/streams/streams-program.ts";
import { resultOf } from "./saga-decisions.ts";
import type { DecisionTopics } from "./saga-fill.ts";
import type { Servers } from "../servers.ts";
import { openSlowStatements } from "./slow-statements.ts";

export interface Contender {
  readonly name: string;
  readonly kind: "order" | "streams";
  /** Ours: as on a machine with little memory, its garbage is collected sooner. */
  readonly hasLittleMemory?: boolean;
  /** Kafka Streams: its default when absent. */
  readonly commitIntervalMs?: number;
  /** Kafka Streams: whether each result updates a row as well. Ours always has the store. */
  readonly hasRows?: boolean;
}

export interface Arena {
  readonly servers: Servers;
  readonly streams: StreamsProgram;
  readonly logger: Logger;
  /** URL of the database with the placed orders. */
  readonly template: string;
}

export interface MatchOptions {
  readonly decisions: DecisionTopics;
  readonly orders: number;
  /** Milliseconds that each SQL statement takes more; 0 for none. */
  readonly statementDelayMs: number;
}

/** What Bun's garbage collector takes for the machine's memory, in bytes: its heap then grows less between two collections. */
const littleMemory = { BUN_JSC_forceRAMSize: "160000000" };

/** Makes what the contender needs, calls `measure`, and removes it. */
export async function compete<Figures>(
  contender: Contender,
  arena: Arena,
  { decisions, orders, statementDelayMs }: MatchOptions,
  measure: (options: SagaCase) => Promise<Figures>,
): Promise<Figures> {
  const { KAFKA_BROKERS: brokers, DATABASE_URL: serverUrl } = arena.servers.environment;
  const isOurs = contender.kind === "order";
  const template = isOurs ? new URL(arena.template).pathname.slice(1) : undefined;
  const database = await createPostgresDatabase(serverUrl, template);
  const proxy = statementDelayMs === 0 ? undefined : await openSlowStatements(serverUrl, statementDelayMs);
  const databaseUrl = proxy?.through(database.url) ?? database.url;
  let failed = true;
  try {
    const environment = { ...arena.servers.environment, ...settingsOf(decisions), DATABASE_URL: databaseUrl };
    const topics = { decisions, ordersTopic: environment.SAGA_ORDERS_TOPIC };
    await makeTopics(environment, arena.logger);
    const { streams: program } = arena;
    const { hasRows = false, hasLittleMemory = false, commitIntervalMs } = contender;
    if (hasRows) await makeRows(database.url, orders);
    const figures = await measure({
      program: isOurs
        ? orderService(topics, { ...environment, ...(hasLittleMemory ? littleMemory : {}) })
        : kafkaStreams(topics, {
            program,
            brokers,
            ...(commitIntervalMs === undefined ? {} : { commitIntervalMs }),
            ...(hasRows ? { databaseUrl } : {}),
          }),
      brokers,
      ...topics,
      orders,
      logger: arena.logger,
      requireStored: async () => {
        if (hasRows) await requireRows(database.url, orders);
        return { expired: isOurs ? await requireSagas(database.url, orders) : undefined };
      },
    });
    failed = false;
    return figures;
  } finally {
    proxy?.close();
    if (failed && process.env["BENCH_KEEP"] !== undefined)
      process.stderr.write(
        `\nDatabase and topics of the failed case are kept: ${database.url} ${JSON.stringify(decisions)}\n`,
      );
    else await database.drop();
  }
}

/** New topics for everything but the decisions. */
function settingsOf(decisions: DecisionTopics) {
  const run = `bench-${crypto.randomUUID().slice(0, 8)}`;
  return {
    KAFKA_GROUP_ID: run,
    KAFKA_ORDER_TOPIC: `${run}-events`,
    KAFKA_STATUS_UPDATE_TOPIC: `${run}-status-updates`,
    KAFKA_DLQ_TOPIC: `${run}-dlq`,
    SAGA_ORDERS_TOPIC: `${run}-orders`,
    SAGA_PAYMENT_TOPIC: decisions.payment,
    SAGA_STOCK_TOPIC: decisions.stock,
    SAGA_DLQ_TOPIC: `${run}-recoverer`,
    SIMULATED_FAILURES: "off",
  };
}

/** As the service makes them. */
async function makeTopics(environment: Readonly<Record<string, string>>, logger: Logger): Promise<void> {
  const read = readSettings(environment);
  if (!read.ok) throw new Error(read.faults.join(" "));
  const parts = openParts(read.value);
  await keepTopics(parts, read.value, logger).ready;
  parts.close();
}

async function makeRows(databaseUrl: string, orders: number): Promise<void> {
  const sql = new SQL(databaseUrl, { max: 1 });
  await sql`create table orders (order_id bigint primary key, customer_id text, status text, source text)`;
  await sql`insert into orders select id, 'CUST-' || id, 'NEW' from generate_series(1, ${orders}::bigint) as id`;
  await sql.unsafe("vacuum analyze");
  await sql.close();
}

async function requireRows(databaseUrl: string, orders: number): Promise<void> {
  const sql = new SQL(databaseUrl, { max: 1 });
  const rows = await sql<{ status: string; count: number }[]>`
    select status, count(*)::float8 as count from orders group by status`;
  await sql.close();
  requireCounts(new Map(rows.map(({ status, count }) => [status, count])), orders);
}

/** Answers how many decisions have expired meanwhile. */
async function requireSagas(databaseUrl: string, orders: number): Promise<number> {
  const store = await openOrderStore(databaseUrl);
  const { orders: counts, counted } = await store.sagas.stats();
  await store.close();
  requireCounts(new Map(Object.entries(counts).filter(([status]) => status !== "NEW")), orders);
  return counted.expired;
}

function requireCounts(counts: ReadonlyMap<string, number>, orders: number): void {
  const expected = new Map<string, number>();
  for (let orderId = 1; orderId <= orders; orderId += 1) {
    const { status } = resultOf(orderId);
    expected.set(status, (expected.get(status) ?? 0) + 1);
  }
  const faults = [...new Set([...expected.keys(), ...counts.keys()])]
    .filter((status) => (counts.get(status) ?? 0) !== (expected.get(status) ?? 0))
    .map((status) => `${counts.get(status) ?? 0} orders are ${status}, not ${expected.get(status) ?? 0}`);
  if (faults.length > 0) throw new Error(`the store disagrees: ${faults.join(", ")}`);
}
