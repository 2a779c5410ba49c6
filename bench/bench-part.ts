// What a part of the benchmark is given, and that it answers its cases with every round's figures.
import type { ProgressDisplay } from "../kafka/native/progress.ts";
import type { MeasuredCase, PartName } from "./report/result-file.ts";
import type { Servers } from "./servers.ts";

/** Everything that can be set on the command line; a part uses some of it. */
export interface PartOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** Seconds of load that is not counted, before the first case. */
  readonly warm: number;
  readonly events: number;
  readonly orders: readonly number[];
  readonly letters: readonly number[];
  readonly connections: readonly number[];
  /** Orders a second. */
  readonly rates: readonly number[];
  /** Only cases with this text in their group or name. */
  readonly only: string;
  readonly store: "postgres" | "sqlite" | "both";
  readonly kill: boolean;
}

export interface PartContext {
  readonly options: PartOptions;
  readonly servers: Servers;
  readonly display: ProgressDisplay;
}

export interface BenchPart {
  readonly name: PartName;
  /** Its size without further options; other options mean nothing to it. */
  readonly full: Partial<PartOptions>;
  /** For a look: a minute at most. */
  readonly quick: Partial<PartOptions>;
  /** Throws when something was lost, repeated, refused or confused: half a comparison says nothing. */
  run(context: PartContext): Promise<readonly MeasuredCase[]>;
}
