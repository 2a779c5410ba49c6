// The files of a run: what the supervisor and the independent reader write down and the checker reads, JSON lines, so that a
// run can be checked again long after its servers are gone. Exact bytes are kept where they matter: of what became, or had to
// become, a dead letter.
import { createReadStream, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Intent } from "./intent.ts";
import type { FoundDecision, PublishedOrder } from "./saga-account.ts";

/** What a client asked and was told. */
export interface ClientLine {
  readonly request: "create" | "status";
  readonly system: "A" | "B";
  readonly way: "plain" | "trpc";
  readonly orderId: string;
  /** Of a change; names the request, because no two of an order ask for the same. */
  readonly status?: string;
  /** With an Idempotency-Key: every time it was asked for is a line. */
  readonly idempotencyKey?: string;
  readonly outcome: "ok" | "fail" | "unknown";
  /** HTTP status, or how the connection ended. */
  readonly answer: string;
}

/** What was done to the system, and when. */
export interface EventLine {
  readonly atMs: number;
  readonly kind: "kill" | "leave" | "freeze" | "fault" | "note";
  /** Of a kill: the named point, `random`, or `cart`; of a fault: its name. */
  readonly what: string;
  /** Of a fault: the row of the table that it shows. */
  readonly row?: string;
  readonly slot?: string;
  /** Whether work was in flight. */
  readonly bit?: boolean;
  readonly recoveredMs?: number;
  readonly expectations?: readonly {
    readonly what: string;
    readonly held: boolean;
    readonly detail?: string;
  }[];
}

/** A record of order's topics, in the order of its partition. */
export interface RecordLine {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly orderId: string;
  /** Of a record that the suite wrote: from its header. Of cart's: read from its bytes by avsc alone. */
  readonly intent: Intent;
  readonly byCart: boolean;
  /** Only of records with a dead letter and of poison. */
  readonly exact?: ExactBytes;
}

/** Base64. */
export interface ExactBytes {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
}

export interface AttemptLine {
  readonly attempt: number;
  readonly failedAtMs: number;
}

/** As it lies on the dead-letter topic; a copy is a line of its own. */
export interface LetterLine {
  /** `topic/partition/offset` of the original. */
  readonly id: string;
  readonly reason: string;
  readonly exact: ExactBytes;
  readonly attempts: readonly AttemptLine[];
}

export interface OrderLine {
  readonly orderId: string;
  readonly status: string;
  /** Counts the applied events. */
  readonly version: number;
  /** `topic/partition` → the last applied offset. */
  readonly applied: Readonly<Record<string, number>>;
}

/** A change of an order's row, written down by a trigger of the suite's in the change's own transaction. */
export type ChangeLine = OrderLine;

export interface CommittedLine {
  /** `topic/partition` */
  readonly source: string;
  readonly offset: number;
}

/** What a waiting record had been through at some time during the run. */
export interface SeenAttemptsLine {
  readonly id: string;
  readonly attempts: readonly AttemptLine[];
}

/** Records that a process was handed although the store had them, when it was asked last. */
export interface RedeliveredLine {
  readonly slot: string;
  /** Counts the processes of the slot. */
  readonly process: number;
  readonly redelivered: number;
}

export interface SampleLine {
  readonly atMs: number;
  /** Published and not read. */
  readonly lag: number;
  readonly parked: number;
}

/** An account of the stand-ins in the end: cents of a customer, pieces of a product. */
export interface SagaBalanceLine {
  readonly of: "money" | "pieces";
  readonly account: string;
  readonly available: number;
  readonly reserved: number;
  readonly booked: number;
  readonly openedWith: number;
}

/** One file each: `clients.jsonl` and so on. */
export interface RunLines {
  clients: ClientLine;
  events: EventLine;
  records: RecordLine;
  letters: LetterLine;
  orders: OrderLine;
  changes: ChangeLine;
  committed: CommittedLine;
  /** Ids of records that are still parked. */
  parked: { readonly id: string };
  /** Ids in the index of dead letters, in the store. */
  indexed: { readonly id: string };
  attempts: SeenAttemptsLine;
  redelivered: RedeliveredLine;
  samples: SampleLine;
  /** System C: in the order of their partitions. */
  sagaOrders: PublishedOrder;
  sagaPayment: FoundDecision;
  sagaStock: FoundDecision;
  sagaStored: { readonly orderId: number; readonly status: string };
  /** Ids that clients were told with a 201. */
  sagaAnswered: { readonly orderId: number };
  sagaLetters: { readonly id: string };
  sagaBalances: SagaBalanceLine;
}
export type RunFile = keyof RunLines;

/** `run.json`: what the run was. */
export interface RunFacts {
  readonly tier: string;
  readonly seed: number;
  readonly startedAt: string;
  readonly elapsedMs: number;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly commit: string;
  /** Milliseconds before each retry of system A. */
  readonly retryDelaysMs: readonly number[];
  readonly orders: number;
  /** Orders of system C. */
  readonly sagas: number;
  readonly kills: number;
  readonly instances: number;
  /** Faults with a stage of their own whose account is to be checked: folders of this one. */
  readonly stages: readonly string[];
}

export interface LineWriter<Line> {
  write(line: Line): void;
  close(): Promise<void>;
}

export function openLineWriter<File extends RunFile>(
  directory: string,
  file: File,
): LineWriter<RunLines[File]> {
  mkdirSync(directory, { recursive: true });
  // Bun's writer leaves what a longer file had behind its end.
  writeFileSync(pathOf(directory, file), "");
  const sink = Bun.file(pathOf(directory, file)).writer({ highWaterMark: 1 << 20 });
  return {
    write: (line) => void sink.write(`${JSON.stringify(line)}\n`),
    async close() {
      await sink.end();
    },
  };
}

/** Line by line, so that a file may be larger than memory. A file that is not there has no lines. */
export async function* readLines<File extends RunFile>(
  directory: string,
  file: File,
): AsyncGenerator<RunLines[File]> {
  const path = pathOf(directory, file);
  if (!existsSync(path)) return;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const line: RunLines[File] = JSON.parse(text);
    yield line;
  }
}

export async function writeFacts(directory: string, facts: RunFacts): Promise<void> {
  mkdirSync(directory, { recursive: true });
  await Bun.write(join(directory, "run.json"), `${JSON.stringify(facts, null, 2)}\n`);
}

export async function readFacts(directory: string): Promise<RunFacts> {
  const facts: RunFacts = await Bun.file(join(directory, "run.json")).json();
  return facts;
}

function pathOf(directory: string, file: RunFile): string {
  return join(directory, `${file}.jsonl`);
}
