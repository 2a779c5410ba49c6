// Promises what is left of a run as an independent reader finds it, in files: topics with a consumer of the suite's own, committed
// offsets with Kafka's own tool, tables with plain SQL. What cart wrote is decoded with avsc alone, by the
// schemas that the registry gives.
import { join } from "node:path";
import { Type } from "avsc";
import { SQL } from "bun";
import type { KafkaRecord } from "../../kafka/record.ts";
import type { Settings } from "../../service/settings.ts";
import { kafkaJars } from "../parts/artifacts.ts";
import { findJava } from "../parts/machine.ts";
import { runToEnd } from "../parts/run-to-end.ts";
import { readLetter } from "../system/read-letters.ts";
import { type Intent, intentHeader } from "./intent.ts";
import { type ExactBytes, openLineWriter, type OrderLine, type SeenAttemptsLine } from "./run-files.ts";
import { streamTopic } from "./stream-topic.ts";

export interface ReadableRun {
  readonly brokers: string;
  readonly registryUrl: string;
  readonly databaseUrl: string;
  readonly settings: Settings;
  readonly directory: string;
}

const rowsAtOnce = 20_000;

export async function readRun(run: ReadableRun): Promise<void> {
  const letterIds = await writeLetters(run);
  await writeRecords(run, letterIds);
  await writeCommitted(run);
  await writeTables(run);
}

async function writeLetters({ brokers, settings, directory }: ReadableRun): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  const lines = openLineWriter(directory, "letters");
  await streamTopic(brokers, settings.KAFKA_DLQ_TOPIC, (record) => {
    const { id, reasonCode, originalKey, originalValue, originalHeaders, attempts } = readLetter(record);
    ids.add(id);
    lines.write({
      id,
      reason: reasonCode ?? "",
      exact: exactBytes({
        key: originalKey,
        value: originalValue,
        headers: originalHeaders.map(({ name, value }) => [name, value] as const),
      }),
      attempts: attempts.map(({ attempt, failedAt }) => ({ attempt, failedAtMs: Date.parse(failedAt) })),
    });
  });
  await lines.close();
  return ids;
}

async function writeRecords(run: ReadableRun, letterIds: ReadonlySet<string>): Promise<void> {
  const { brokers, registryUrl, settings, directory } = run;
  const types = await readTypes(registryUrl);
  const lines = openLineWriter(directory, "records");
  for (const topic of [settings.KAFKA_ORDER_TOPIC, settings.KAFKA_STATUS_UPDATE_TOPIC]) {
    await streamTopic(brokers, topic, (record) => {
      const { partition, offset, key } = record;
      const meant = intentOf(record);
      const intent = meant ?? decodedIntent(record, types);
      const keepsBytes = intent.kind === "poison" || letterIds.has(`${topic}/${partition}/${offset}`);
      lines.write({
        topic,
        partition,
        offset,
        orderId: key?.toString("utf8") ?? "",
        intent,
        byCart: meant === undefined,
        ...(keepsBytes ? { exact: exactBytes(record) } : {}),
      });
    });
  }
  await lines.close();
}

function intentOf({ headers }: KafkaRecord): Intent | undefined {
  const bytes = headers.find(([name]) => name === intentHeader)?.[1];
  if (bytes === undefined || bytes === null) return undefined;
  const intent: Intent = JSON.parse(String(bytes));
  return intent;
}

interface EventOnTopic {
  readonly eventType?: string;
  readonly status?: string;
  /** avsc names the branch of a union: `{ "name": { … } }`. */
  readonly payload?: Readonly<Record<string, { readonly status?: string }>>;
}

/** What it is by its own bytes; what is no event of a known schema is poison. */
function decodedIntent({ value, headers }: KafkaRecord, types: ReadonlyMap<number, Type>): Intent {
  const type = value === null || value.length < 5 ? undefined : types.get(value.readUInt32BE(1));
  if (value === null || type === undefined) return { kind: "poison" };
  const event: EventOnTopic = type.fromBuffer(value.subarray(5));
  const [payload] = Object.values(event.payload ?? {});
  const eventId = headers.findLast(([name]) => name === "event-id")?.[1]?.toString() ?? null;
  switch (event.eventType) {
    case undefined:
      return { kind: "create", system: "A", status: event.status ?? "", eventId };
    case "CREATE":
      return { kind: "create", system: "B", status: payload?.status ?? "", eventId };
    case "UPDATE":
      return { kind: "status", system: "B", status: payload?.status ?? "" };
    default:
      return { kind: "status", system: "A", status: event.status ?? "" };
  }
}

/** Every schema that the registry knows, by its id. */
async function readTypes(registryUrl: string): Promise<ReadonlyMap<number, Type>> {
  const types = new Map<number, Type>();
  const ask = async <Answer>(path: string): Promise<Answer> => {
    const answer: Answer = await (await fetch(`${registryUrl}${path}`)).json();
    return answer;
  };
  for (const subject of await ask<readonly string[]>("/subjects")) {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    for (const version of await ask<readonly number[]>(path)) {
      const { id, schema } = await ask<{ id: number; schema: string }>(`${path}/${version}`);
      if (!types.has(id)) types.set(id, Type.forSchema(JSON.parse(schema)));
    }
  }
  return types;
}

function exactBytes({ key, value, headers }: Pick<KafkaRecord, "key" | "value" | "headers">): ExactBytes {
  return {
    key: key?.toString("base64") ?? null,
    value: value?.toString("base64") ?? null,
    headers: headers.map(([name, bytes]) => [name, bytes?.toString("base64") ?? null] as const),
  };
}

/** `kafka-consumer-groups --describe`: GROUP TOPIC PARTITION CURRENT-OFFSET … */
async function writeCommitted({ brokers, settings, directory }: ReadableRun): Promise<void> {
  const groups = [settings.KAFKA_GROUP_ID, `${settings.KAFKA_GROUP_ID}-status-updates`];
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
  const lines = openLineWriter(directory, "committed");
  for (const line of output.split("\n")) {
    const [group = "", topic = "", partition = "", offset = ""] = line.trim().split(/\s+/);
    if (groups.includes(group) && /^\d+$/.test(offset))
      lines.write({ source: `${topic}/${partition}`, offset: Number(offset) });
  }
  await lines.close();
}

interface OrderRow {
  readonly order_id: string;
  readonly status: string;
  readonly version: string;
  readonly applied: string;
}

async function writeTables({ databaseUrl, directory }: ReadableRun): Promise<void> {
  const sql = new SQL(databaseUrl, { max: 1 });
  try {
    await writeOrders(sql, directory);
    if (databaseUrl.startsWith("postgres")) await writeChanges(sql, directory);
    const parked = openLineWriter(directory, "parked");
    for (const id of await readParkedIds(sql)) parked.write({ id });
    await parked.close();
    const indexed = openLineWriter(directory, "indexed");
    const letters: readonly { id: string }[] = await sql`SELECT id FROM dead_letters`;
    for (const { id } of letters) indexed.write({ id });
    await indexed.close();
  } finally {
    await sql.close();
  }
}

async function writeOrders(sql: SQL, directory: string): Promise<void> {
  const lines = openLineWriter(directory, "orders");
  for (let after = ""; ;) {
    const rows: readonly OrderRow[] = await sql`
      SELECT order_id, status, cast(version AS text) AS version, cast(applied AS text) AS applied
      FROM orders WHERE order_id > ${after} ORDER BY order_id LIMIT ${rowsAtOnce}`;
    for (const row of rows) lines.write(orderLine(row));
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.order_id;
  }
  await lines.close();
}

/** What the witness wrote down; see witness.ts. */
async function writeChanges(sql: SQL, directory: string): Promise<void> {
  const lines = openLineWriter(directory, "changes");
  for (let after = 0; ;) {
    const rows: readonly (OrderRow & { seq: string })[] = await sql`
      SELECT cast(seq AS text) AS seq, order_id, status, cast(version AS text) AS version,
        cast(applied AS text) AS applied
      FROM suite_changes WHERE seq > ${after} ORDER BY suite_changes.seq LIMIT ${rowsAtOnce}`;
    for (const row of rows) lines.write(orderLine(row));
    const last = rows.at(-1);
    if (last === undefined) break;
    after = Number(last.seq);
  }
  await lines.close();
}

function orderLine(row: OrderRow): OrderLine {
  const applied: Readonly<Record<string, number>> = JSON.parse(row.applied);
  return {
    orderId: row.order_id,
    status: row.status,
    version: Number(row.version),
    applied: Object.fromEntries(
      Object.entries(applied).map(([source, offset]) => [partitionOf(source), offset]),
    ),
  };
}

async function readParkedIds(sql: SQL): Promise<readonly string[]> {
  const rows: readonly { document: string; offset: string }[] =
    await sql`SELECT document, cast("offset" AS text) AS "offset" FROM parked_records`;
  return rows.map(({ document, offset }) => parkedId(document, offset));
}

/** Attempts of the records that wait now. */
export async function readAttempts(databaseUrl: string): Promise<readonly SeenAttemptsLine[]> {
  const sql = new SQL(databaseUrl, { max: 1 });
  try {
    const rows: readonly { document: string; offset: string; progress: string }[] = await sql`
      SELECT document, cast("offset" AS text) AS "offset", progress
      FROM parked_records WHERE state = 'waiting'`;
    return rows.map(({ document, offset, progress }) => {
      const { attempts }: Pick<SeenAttemptsLine, "attempts"> = JSON.parse(progress);
      return { id: parkedId(document, offset), attempts };
    });
  } catch (error) {
    // While the server is away nobody can be asked.
    if (error instanceof SQL.SQLError) return [];
    throw error;
  } finally {
    await sql.close();
  }
}

function parkedId(document: string, offset: string): string {
  const { source }: { source: string } = JSON.parse(document);
  return `${partitionOf(source)}/${offset}`;
}

/** A source is `topic/partition@…`. */
function partitionOf(source: string): string {
  return source.replace(/@.*$/, "");
}
