// Promises one whole run: servers, services, load, schedule of faults, settling, files, check.
import type { Fault } from "./fault.ts";

export interface ChaosOptions {
  /** Name in the report: "ci", "nightly", "release", or of the mutant. */
  readonly tier: string;
  readonly seed: number;
  /** Creates that cart has to acknowledge; the load goes on until the schedule is through as well. */
  readonly orders: number;
  readonly kills: number;
  readonly faults: readonly Fault[];
  /** Order instances. */
  readonly instances: number;
  /** Of the common load while the schedule runs; afterwards as fast as it goes. */
  readonly ordersPerSecond: number;
  /** Where the files go. */
  readonly directory: string;
  /** Where the services are started from: a mutant's copy. Default: this checkout. */
  readonly checkout?: string;
  /** Servers of another run, which is asked to leave them as they are; default: own ones. */
  readonly onProgress?: (text: string, fraction: number) => void;
}

export interface ChaosResult {
  /** What is off, one sentence each: of the account, of the faults' expectations, of the schedule. Empty when all is well. */
  readonly findings: readonly string[];
  readonly directory: string;
}

export function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  throw new Error(`not built yet: ${options.tier}`);
}
