// What a fault of the catalogue is: it breaks something, looks at what must hold meanwhile, mends it, and says whether it bit.
import type { KafkaOptions } from "../parts/kafka.ts";
import type { Environment, Stage } from "./stage.ts";

/** The rows of the table of faults, in the words of the reports. */
export const faultRows = [
  "consumer killed",
  "SIGTERM under load",
  "consumer frozen past its session",
  "consumers joining and leaving",
  "broker away",
  "producer fatal",
  "registry away",
  "store away",
  "slow store",
  "dead-letter topic refuses",
  "poison only",
  "replay",
  "join of decisions",
] as const;
export type FaultRow = (typeof faultRows)[number];

export interface Expectation {
  /** A sentence that is true when it held: "cart answered 503 before its own deadline". */
  readonly what: string;
  readonly held: boolean;
  /** What was seen instead. */
  readonly detail?: string;
}

export interface FaultReport {
  /** Whether it met work in flight. One that did not is repeated, at most three times; then the run fails. */
  readonly bit: boolean;
  readonly expectations: readonly Expectation[];
  /** From the end of the fault until all that was published by then had been read. */
  readonly recoveredMs?: number;
}

export interface Fault {
  /** Unique, in kebab case: `--only broker-killed`. */
  readonly name: string;
  readonly row: FaultRow;
  /** `quick`: over within 20 s; the CI tier takes turns among these. */
  readonly pace: "quick" | "long";
  /** A stage of its own instead of the common one: topics, group, database and services of its own, with little load. */
  readonly ownStage?: StageNeeds;
  /**
   * Leaves every part running; what it leaves stopped of the services is started again by the supervisor. No kill of the
   * schedule falls into it. Throws for its own defects only.
   */
  run(stage: Stage): Promise<FaultReport>;
}

export interface StageNeeds {
  /** On top of the usual settings. */
  readonly environment?: Environment;
  /** Servers of its own with these settings; left out: those of the run. */
  readonly kafka?: KafkaOptions;
  /** Default: PostgreSQL. */
  readonly store?: "postgres" | "sqlite";
  /** Order instances; default: 1. */
  readonly orders?: number;
  /** Orders a second of the common load there; default: 100. 0: none, the fault publishes what it needs. */
  readonly ordersPerSecond?: number;
  /** Whether the services run when `run` is called. Default: yes. */
  readonly isStarted?: boolean;
  /**
   * `checked`, the default: after the fault everything has to settle, and the whole account is checked as that of the common
   * stage. `own`: the fault checks what is left itself, because replays or skips change what must become of records.
   */
  readonly account?: "checked" | "own";
}
