// order's word about itself. It is HTTP's own question, not a procedure, so it is read with the contract's schemas.
import type { z } from "zod";
import {
  orderHealthReportSchema,
  orderHealthSchema,
  type OrderHealthReport,
} from "../../../contract/health.ts";
import { patientFetch } from "./order-client.ts";
import { ReadFailure } from "./trouble.ts";

export function readHealth(signal: AbortSignal): Promise<OrderHealthReport> {
  return readJson("/health/detail", orderHealthReportSchema, signal);
}

/** `/health` has the number also when it answers 503; an instance that was just started may know none yet. */
export async function readOrderCount(signal: AbortSignal): Promise<number> {
  return (await readJson("/health", orderHealthSchema, signal, [503])).orders_in_memory;
}

async function readJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  signal: AbortSignal,
  alsoStatus: readonly number[] = [],
): Promise<z.output<Schema>> {
  const response = await patientFetch(path, { signal });
  const requestId = response.headers.get("x-request-id");
  const body: unknown = await response.json().catch(() => undefined);
  const read = schema.safeParse(body);
  if ((response.ok || alsoStatus.includes(response.status)) && read.success) return read.data;
  throw new ReadFailure(`${path} answered ${response.status} and not what it promises`, requestId);
}
