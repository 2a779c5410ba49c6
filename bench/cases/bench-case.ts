// What every case is given, and that it answers a measurement.
import type { Logger } from "../../service/logger.ts";
import type { Settings } from "../../service/settings.ts";
import type { Measurement } from "../meter.ts";

export interface CaseOptions {
  /** With a consumer group and a database of the case's own. */
  readonly settings: Settings & { readonly KAFKA_BROKERS: string };
  /** How many the topic holds. */
  readonly events: number;
  readonly logger: Logger;
}

/** Throws when what it did is not what it was to measure. */
export type BenchCase = (options: CaseOptions) => Promise<Measurement>;
