// What every case of the saga benchmark is given: a program to start, the topics that it reads and writes, and how many orders
// are in them; and what it measures.
import type { Logger } from "../../service/logger.ts";
import type { ProgramSpec } from "../measured-program.ts";
import type { DecisionTopics } from "../saga/saga-fill.ts";

export interface SagaCase {
  readonly program: ProgramSpec;
  readonly brokers: string;
  readonly decisions: DecisionTopics;
  readonly ordersTopic: string;
  /** Orders 1 to this one are decided. */
  readonly orders: number;
  readonly logger: Logger;
  /** Throws unless the program's database agrees with its topic; called after it has stopped. */
  readonly requireStored: () => Promise<Stored>;
}

export interface Stored {
  /** Decisions that became dead letters for their partner was read late, though both lay side by side; undefined: not known. */
  readonly expired: number | undefined;
}

export interface JoinFigures {
  readonly orders: number;
  /** From the moment when the program has its partitions until the last result is readable. */
  readonly joinsPerSecond: number;
  /** From the start of its process. */
  readonly firstResultSeconds: number;
  readonly rssAtStartMb: number;
  readonly peakRssMb: number;
  /** Of the program's process; the servers' are not in it. */
  readonly cpuMicrosPerJoin: number;
  readonly expired: number | undefined;
}

export interface LatencyFigures {
  readonly orders: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}
