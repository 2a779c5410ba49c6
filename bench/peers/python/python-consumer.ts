// Promises order_consumer.py run once: its figures, if its orders are what they must be at the end.
import { join } from "node:path";
import { z } from "zod";
import { runToEnd } from "../../../test/parts/run-to-end.ts";
import { expectedOrders, faultsOf } from "../../expected-orders.ts";
import { type Measurement, measurementSchema } from "../../meter.ts";

export type CommitMode = "async" | "sync" | "batch";

export interface PythonRun {
  readonly python: string;
  readonly mode: CommitMode;
  readonly environment: Readonly<Record<string, string>>;
  /** How many the topic holds. */
  readonly events: number;
}

const program = join(import.meta.dirname, "order_consumer.py");
const outputSchema = z.object({
  /** `committedPerSecond`: until the broker has answered every commit. */
  measurement: measurementSchema.extend({ committedPerSecond: z.number() }),
  end: z.object({
    orders: z.number(),
    updates: z.number(),
    duplicates: z.number(),
    unknown: z.number(),
    checksum: z.number(),
  }),
});

/** Throws when it lost, repeated or confused something. */
export async function runPythonConsumer({
  python,
  mode,
  environment,
  events,
}: PythonRun): Promise<Measurement & { readonly committedPerSecond: number }> {
  const printed = await runToEnd([python, program, mode, String(events)], { env: environment });
  const { measurement, end } = outputSchema.parse(JSON.parse(printed.trim().split("\n").at(-1) ?? ""));
  const faults = faultsOf(end, expectedOrders(events));
  if (faults.length > 0) throw new Error(`its orders are wrong: ${faults.join("; ")}`);
  return measurement;
}
