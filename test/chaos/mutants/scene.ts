// What a mutant is provoked on: real servers, the service as processes with the mutant loaded, and records whose ends are known.
import type { SQL } from "bun";
import type { Settings } from "../../../service/settings.ts";
import type { ServiceProcess } from "../../load/service-process.ts";
import type { EventWriter } from "../../system/event-writer.ts";
import type { RawRecord, RecordPlace } from "../../system/raw-producer.ts";
import type { PlannedRecord } from "../intent.ts";
import type { ClientLine } from "../run-files.ts";

export interface Scene {
  readonly settings: Settings;
  readonly brokers: string;
  /** A connection of the suite's own. */
  readonly sql: SQL;
  readonly writer: EventWriter;
  /** Resolves when it is ready; on the same port each time. */
  start(name: "cart" | "order", extra?: Readonly<Record<string, string>>): Promise<ServiceProcess>;
  /** Resolves when the process is there. */
  spawn(name: "cart" | "order", extra?: Readonly<Record<string, string>>): Promise<ServiceProcess>;
  /** Order as it runs until it kills itself at this point; answers how it ended, `undefined` when it did not in 20 s. */
  startUntil(
    crashAt: string,
    meanwhile?: () => Promise<unknown>,
  ): Promise<NodeJS.Signals | number | undefined>;
  /** Writes records past cart. Resolves when all are acknowledged. */
  publish(records: readonly PlannedRecord[]): Promise<readonly RecordPlace[]>;
  produce(record: RawRecord): Promise<RecordPlace>;
  /** A share of the planned stream: good orders, duplicates, unknown updates, poison, repeats under one event id. */
  publishPlanned(fromShare: number, toShare: number): Promise<void>;
  /** Whether the store has read everything that was published, within this time. */
  untilRead(withinMs?: number): Promise<boolean>;
  /** Whether nothing waits any more either. */
  untilSettled(withinMs?: number): Promise<boolean>;
  until(check: () => Promise<boolean>, withinMs?: number): Promise<boolean>;
  /** Keeps what parked records have been through so far, for the account. */
  noteAttempts(): Promise<void>;
  /** Keeps what a client asked and was told, for the account. */
  noteClient(line: ClientLine): void;
  /** Sentences about what must hold at any moment: nothing is committed before the store has it, nor before its letter is there. */
  lookNow(when: string): Promise<readonly string[]>;
  /** The account is about the offsets of this group from now on. */
  renameGroup(groupId: string): void;
  /** Nobody reads or writes this table until it is released: the store is slow. Less than its time-out of 2.5 s. */
  lock(table: string): Promise<() => Promise<void>>;
  /** The broker refuses everything for this topic until it relents. */
  refuse(topic: string): Promise<() => Promise<void>>;
}

export interface ProvocationRun {
  /** On top of the usual settings. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Milliseconds before each retry of system A, when they are not the usual ones. */
  readonly retryDelaysMs?: readonly number[];
  /** `events`: at the end every record has to have its one end. `own`: the run itself says what is off. */
  readonly account: "events" | "own";
  /** Answers what is off, one sentence each. */
  run(scene: Scene): Promise<readonly string[]>;
}
