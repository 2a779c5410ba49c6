// What the services say of themselves: `/health` word for word as system B documents it, and for whoever has to find out
// why, `/health/detail` of order.
import { z } from "zod";

export const cartHealthSchema = z
  .object({
    status: z.enum(["healthy", "unhealthy"]),
    kafka: z.enum(["connected", "disconnected"]),
  })
  .meta({ id: "Health" });
export type CartHealthBody = z.infer<typeof cartHealthSchema>;

export const orderHealthSchema = z
  .object({
    status: z.enum(["healthy", "unhealthy"]),
    consumer: z.enum(["running", "stopped"]),
    /** The number of stored orders; the documented name is older than the store. */
    orders_in_memory: z.int().min(0),
  })
  .meta({ id: "Health" });
export type OrderHealthBody = z.infer<typeof orderHealthSchema>;

const dependencySchema = z
  .object({
    /** `unknown`: not asked yet, or cannot be told. */
    state: z.enum(["up", "down", "unknown"]),
    /** One sentence for operators, never a secret; null unless it is down. */
    cause: z.string().nullable(),
  })
  .meta({ id: "Dependency" });
export type DependencyHealth = z.infer<typeof dependencySchema>;

/** What order's `detail()` tells. */
export const orderHealthDetailSchema = z.object({
  /** True from the moment the service stops taking work. */
  draining: z.boolean(),
  store: dependencySchema,
  registry: dependencySchema,
  broker: dependencySchema,
  /** Whether dead letters can be published. */
  deadLetterTopic: dependencySchema,
  breaker: z.object({
    /** `open`: consumption stands still; `probing`: one event at a time is tried. */
    state: z.enum(["closed", "open", "probing"]),
    /** What opened it; null while it is closed. */
    cause: z.string().nullable(),
  }),
  /** Records that came again since the process started although the store had them: of no effect, but time. */
  redelivered: z.int().min(0),
  /** Null while the store cannot be asked. */
  parked: z.object({ waiting: z.int().min(0), behind: z.int().min(0), dead: z.int().min(0) }).nullable(),
  /**
   * Partitions with records to read and no progress; `offset` is that of the record that is not read, `endOffset` that of
   * the next record to be written.
   */
  stalledPartitions: z.array(
    z.object({ topic: z.string(), partition: z.int(), offset: z.int(), endOffset: z.int() }),
  ),
});
export type OrderHealthDetail = z.infer<typeof orderHealthDetailSchema>;

/** `/health/detail`: the detail, and what follows from it. */
export const orderHealthReportSchema = orderHealthDetailSchema
  .extend({ waitingFor: z.array(z.string()).meta({ description: "One line each; empty when all is well." }) })
  .meta({ id: "HealthDetail" });
export type OrderHealthReport = z.infer<typeof orderHealthReportSchema>;

export function reportHealth(detail: OrderHealthDetail): OrderHealthReport {
  return { ...detail, waitingFor: waitingFor(detail) };
}

function waitingFor(detail: OrderHealthDetail): string[] {
  const { draining, breaker, stalledPartitions } = detail;
  return [
    ...(draining ? ["The service is stopping"] : []),
    ...down("Store", detail.store),
    ...down("Schema registry", detail.registry),
    ...down("Broker", detail.broker),
    ...down("Dead-letter topic", detail.deadLetterTopic),
    ...(breaker.state === "closed" ? [] : [because(`Breaker ${breaker.state}`, breaker.cause)]),
    ...stalledPartitions.map(
      ({ topic, partition, offset }) => `Partition ${topic}/${partition} stands still at offset ${offset}`,
    ),
  ];
}

function down(name: string, { state, cause }: DependencyHealth): string[] {
  return state === "down" ? [because(`${name} down`, cause)] : [];
}

function because(what: string, cause: string | null): string {
  return cause === null ? what : `${what}: ${cause}`;
}
