// Reads the account of a fault run past all code of order: topics with a consumer of the suite's own, committed offsets with
// Kafka's own tool, tables with plain SQL.
import { join } from "node:path";
import { SQL } from "bun";
import { kafkaJars } from "../parts/artifacts.ts";
import { findJava } from "../parts/machine.ts";
import { runToEnd } from "../parts/run-to-end.ts";
import type { KafkaRecord } from "../../kafka/record.ts";
import type { Settings } from "../../service/settings.ts";
import { readLetter } from "../system/read-letters.ts";
import { readTopic } from "../system/read-topic.ts";
import type { Account, Attempt, Intent, Letter, LoggedRecord, StoredOrderRow } from "./account.ts";
import { intentHeader } from "./plan-load.ts";

export interface ReadableRun {
  readonly brokers: string;
  readonly databaseUrl: string;
  readonly settings: Settings;
}

export type ReadAccount = Omit<Account, "seenAttempts" | "retryDelaysMs">;

export async function readAccount({ brokers, databaseUrl, settings }: ReadableRun): Promise<ReadAccount> {
  const source = { brokers, consumerSettings: {} };
  const topics = [settings.KAFKA_ORDER_TOPIC, settings.KAFKA_STATUS_UPDATE_TOPIC];
  const records: KafkaRecord[] = [];
  for (const topic of topics) records.push(...(await readTopic(source, topic)));
  const letters = await readTopic(source, settings.KAFKA_DLQ_TOPIC);
  const committed = await readCommitted(brokers, settings);
  const stored = await readStore(databaseUrl);
  return { records: records.map(toLogged), letters: letters.map(toLetter), committed, ...stored };
}

function toLogged({ topic, partition, offset, key, value, headers }: KafkaRecord): LoggedRecord {
  const bytes = headers.find(([name]) => name === intentHeader)?.[1];
  const intent: Intent = JSON.parse(String(bytes));
  const orderId = key?.toString("utf8") ?? "";
  return { topic, partition, offset, orderId, value: value?.toString("base64") ?? null, intent };
}

function toLetter(record: KafkaRecord): Letter {
  const { id, reasonCode, originalValue, attempts } = readLetter(record);
  return {
    id,
    reason: reasonCode ?? "",
    value: originalValue?.toString("base64") ?? null,
    attempts: attempts.map(({ attempt, failedAt }) => ({ attempt, failedAtMs: Date.parse(failedAt) })),
  };
}

/** `kafka-consumer-groups --describe`: GROUP TOPIC PARTITION CURRENT-OFFSET … */
async function readCommitted(
  brokers: string,
  { KAFKA_GROUP_ID: group }: Settings,
): Promise<ReadonlyMap<string, number>> {
  const groups = [group, `${group}-status-updates`];
  const { path: java, problem } = findJava();
  if (problem !== undefined) throw new Error(problem);
  const output = await runToEnd([
    java,
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
    "-cp",
    join(await kafkaJars(), "*"),
    "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "--bootstrap-server",
    brokers,
    "--describe",
    ...groups.flatMap((group) => ["--group", group]),
  ]);
  const committed = new Map<string, number>();
  for (const line of output.split("\n")) {
    const [group = "", topic, partition, offset] = line.trim().split(/\s+/);
    if (groups.includes(group) && /^\d+$/.test(offset ?? ""))
      committed.set(`${topic}/${partition}`, Number(offset));
  }
  return committed;
}

async function readStore(databaseUrl: string): Promise<Pick<Account, "orders" | "parked" | "indexed">> {
  const sql = new SQL(databaseUrl, { max: 1 });
  try {
    const orders: readonly { order_id: string; status: string; version: string; applied: string }[] =
      await sql`SELECT order_id, status, version::text AS version, applied::text AS applied FROM orders`;
    const indexed: readonly { id: string }[] = await sql`SELECT id FROM dead_letters`;
    return {
      orders: orders.map(toOrderRow),
      parked: await readParkedIds(sql),
      indexed: indexed.map(({ id }) => id),
    };
  } finally {
    await sql.close();
  }
}

function toOrderRow(row: {
  order_id: string;
  status: string;
  version: string;
  applied: string;
}): StoredOrderRow {
  const applied: Readonly<Record<string, number>> = JSON.parse(row.applied);
  return { orderId: row.order_id, status: row.status, version: Number(row.version), applied };
}

async function readParkedIds(sql: SQL): Promise<readonly string[]> {
  const rows: readonly { source: string; offset: string }[] =
    await sql`SELECT document::json->>'source' AS source, "offset"::text AS "offset" FROM parked_records`;
  return rows.map(({ source, offset }) => idOf(source, offset));
}

/** Attempts of the records that wait now. */
export async function readAttempts(
  databaseUrl: string,
): Promise<readonly { id: string; attempts: readonly Attempt[] }[]> {
  const sql = new SQL(databaseUrl, { max: 1 });
  try {
    const rows: readonly { source: string; offset: string; progress: string }[] = await sql`
      SELECT document::json->>'source' AS source, "offset"::text AS "offset", progress
      FROM parked_records WHERE state = 'waiting'`;
    return rows.map(({ source, offset, progress }) => {
      const { attempts }: { attempts: readonly Attempt[] } = JSON.parse(progress);
      return { id: idOf(source, offset), attempts };
    });
  } finally {
    await sql.close();
  }
}

function idOf(source: string, offset: string): string {
  return `${partitionOf(source)}/${offset}`;
}

/** A source is `topic/partition@…`. */
function partitionOf(source: string): string {
  return source.replace(/@.*$/, "");
}

export interface Progress {
  /** Records that the store has settled or parked, over all partitions. */
  readonly settled: number;
  readonly parked: number;
}

export interface ProgressReader {
  read(): Promise<Progress>;
  close(): Promise<void>;
}

/** A connection of its own; what is not there yet counts as nothing. */
export function openProgressReader(databaseUrl: string): ProgressReader {
  const sql = new SQL(databaseUrl, { max: 1 });
  return {
    async read() {
      try {
        const rows: readonly { settled: string; parked: string }[] = await sql`
          SELECT (SELECT coalesce(sum(next_offset), 0) FROM source_claims)::text AS settled,
                 (SELECT count(*) FROM parked_records)::text AS parked`;
        return { settled: Number(rows[0]?.settled), parked: Number(rows[0]?.parked) };
      } catch (error) {
        // Before the first start there is no table; while the server is stopped there is no answer.
        if (error instanceof SQL.SQLError) return { settled: 0, parked: 0 };
        throw error;
      }
    },
    close: () => sql.close(),
  };
}
