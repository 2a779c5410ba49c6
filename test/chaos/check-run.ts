// The checker: whether every record below the committed offsets has exactly one end, the store is what an independent fold of
// the topics gives, every change of an order came in its turn, every bad record has one dead letter with its exact bytes, and no
// client was told what is not so. Pure, on the lines of a run's files.
import { checkClients, type ClientOutcomes } from "./check-clients.ts";
import { checkLetters } from "./check-letters.ts";
import { checkOrders } from "./check-orders.ts";
import { checkSagas } from "./check-sagas.ts";
import { createFindings, type Finding, type Findings } from "./findings.ts";
import { createOrderFold, type ExpectedOrder } from "./order-fold.ts";
import {
  type ExactBytes,
  type LetterLine,
  readLines,
  type RecordLine,
  type RunFile,
  type RunLines,
} from "./run-files.ts";

export interface RunSource {
  read<File extends RunFile>(file: File): AsyncIterable<RunLines[File]>;
}

export interface RunCheck {
  readonly findings: readonly Finding[];
  readonly records: number;
  readonly orders: number;
  readonly creates: ClientOutcomes;
  readonly deadLetters: {
    /** Records that had to become one. */
    readonly expected: number;
    /** Of these: one letter, its reason, its exact bytes. */
    readonly exact: number;
    /** The same letter on the topic again, after a kill between its acknowledgement and the store's knowing. */
    readonly copies: number;
  };
  readonly sagas: number;
}

export function sourceOf(directory: string): RunSource {
  return { read: (file) => readLines(directory, file) };
}

export interface CheckOptions {
  /** Milliseconds before each retry of system A. */
  readonly retryDelaysMs: readonly number[];
}

/** A record that is not simply applied, with what must become of it. */
export interface BadRecord {
  readonly record: RecordLine;
  readonly reasons: readonly string[];
}

/** What the topics say, after their fold. */
export interface TopicsRead {
  readonly orders: ReadonlyMap<string, ExpectedOrder>;
  /** By id. */
  readonly bad: ReadonlyMap<string, BadRecord>;
  readonly letters: ReadonlyMap<string, LetterLine>;
  /** Exact bytes of records with a letter, by id. */
  readonly exact: ReadonlyMap<string, ExactBytes>;
  /** How often cart wrote the create of an order, and a change (`<order> <status>`). */
  readonly byCart: ReadonlyMap<string, number>;
  /** Orders whose create cart wrote again, and not under the event id of the first. */
  readonly renamed: ReadonlySet<string>;
}

export async function checkRun(source: RunSource, { retryDelaysMs }: CheckOptions): Promise<RunCheck> {
  const findings = createFindings();
  const letters = new Map<string, LetterLine>();
  let copies = 0;
  for await (const letter of source.read("letters")) {
    const before = letters.get(letter.id);
    if (before === undefined) letters.set(letter.id, letter);
    else {
      copies += 1;
      if (!Bun.deepEquals(before, letter))
        findings.add("dead letter", "has two dead letters that differ", letter.id);
    }
  }
  const { topics, records } = await readTopics(source, letters, findings);
  await checkOrders(source, topics, findings);
  await checkLetters(source, topics, retryDelaysMs, findings);
  const creates = await checkClients(source, topics, findings);
  const sagas = await checkSagas(source, findings);
  const exact = [...topics.bad].filter(([id, { record, reasons }]) => {
    const letter = letters.get(id);
    return (
      letter !== undefined && isOneOf(letter.reason, reasons) && Bun.deepEquals(letter.exact, record.exact)
    );
  });
  return {
    findings: findings.all(),
    records,
    orders: topics.orders.size,
    creates,
    deadLetters: { expected: topics.bad.size, exact: exact.length, copies },
    sagas,
  };
}

export function recordId({
  topic,
  partition,
  offset,
}: Pick<RecordLine, "topic" | "partition" | "offset">): string {
  return `${topic}/${partition}/${offset}`;
}

function isStatusOfA({ intent }: RecordLine): boolean {
  return intent.kind === "status" && intent.system === "A";
}

export function isOneOf(reason: string, reasons: readonly string[]): boolean {
  return reasons.length === 0 || reasons.includes(reason);
}

async function readTopics(
  source: RunSource,
  letters: ReadonlyMap<string, LetterLine>,
  findings: Findings,
): Promise<{ topics: TopicsRead; records: number }> {
  const committed = new Map<string, number>();
  for await (const { source: partition, offset } of source.read("committed"))
    committed.set(partition, offset);
  const fold = createOrderFold();
  const bad = new Map<string, BadRecord>();
  const exact = new Map<string, ExactBytes>();
  const byCart = new Map<string, number>();
  const renamed = new Set<string>();
  /** Of cart's first create of an order. */
  const eventIds = new Map<string, string | null>();
  const tried = new Set<string>();
  for await (const { id } of source.read("attempts")) tried.add(id);
  const ids = new Set<string>();
  let records = 0;

  function take(record: RecordLine): void {
    const id = recordId(record);
    const letter = letters.get(id);
    const expected = fold.add(record, letter?.reason);
    if (expected.end === "dead") {
      bad.set(id, { record, reasons: expected.reasons });
      const wanted = expected.reasons.length === 0 ? "poison" : expected.reasons.join(" or ");
      if (letter === undefined) findings.add("lost", `should be a dead letter (${wanted}) and is none`, id);
      else if (!isOneOf(letter.reason, expected.reasons))
        findings.add("dead letter", `is dead for another reason than ${wanted}`, id);
    } else if (letter !== undefined) {
      findings.add("dead letter", `is a dead letter (${letter.reason}) and should have been applied`, id);
    } else if (tried.has(id) && !isStatusOfA(record)) {
      // Only an update that overtakes its create has something to wait for.
      findings.add("attempts", "has failed, and nothing stood against it", id);
    }
  }

  const onStatusTopic: RecordLine[] = [];
  for await (const record of source.read("records")) {
    records += 1;
    const id = recordId(record);
    const { intent, orderId, byCart: isCarts } = record;
    if (letters.has(id)) ids.add(id);
    if (record.offset >= (committed.get(`${record.topic}/${record.partition}`) ?? 0))
      findings.add("lost", "is not committed", id);
    if (record.exact !== undefined) exact.set(id, record.exact);
    if (isCarts && intent.kind !== "poison") {
      const key = intent.kind === "create" ? orderId : `${orderId} ${intent.status}`;
      byCart.set(key, (byCart.get(key) ?? 0) + 1);
      if (intent.kind === "create") {
        const first = eventIds.get(orderId) ?? intent.eventId;
        eventIds.set(orderId, first);
        if (first !== intent.eventId) renamed.add(orderId);
      }
    }
    if (isStatusOfA(record)) onStatusTopic.push(record);
    else take(record);
  }
  for (const record of onStatusTopic) take(record);
  for (const id of letters.keys())
    if (!ids.has(id)) findings.add("dead letter", "is a dead letter of a record that is not there", id);
  return { topics: { orders: fold.orders, bad, letters, exact, byCart, renamed }, records };
}
