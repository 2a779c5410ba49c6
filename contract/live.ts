// What goes on in order at this moment, and in the last hour: counted by the instance that is asked, as a stream and as a
// question. Numbers of the store (dead letters, what waits, orders) are those of all instances.
import { z } from "zod";
import { letterStateSchema } from "./dead-letters.ts";
import { replayJobSchema } from "./replays.ts";

const count = z.int().min(0);
const duration = z.number().min(0).nullable();

const flowFields = {
  /** Records that were written to the partitions this instance has. */
  accepted: count,
  /** Records whose effect is in the store. */
  stored: count,
  /** Attempts that failed and will be repeated. */
  retried: count,
  /** Records that failed for good. */
  dead: count,
  /** Orders that are new in the store. */
  orders: count,
};

/** What happened in a span of time. */
export const flowSchema = z.object(flowFields).meta({ id: "Flow" });
export type Flow = z.infer<typeof flowSchema>;

/**
 * From the time that a record carries, which is when cart had it accepted, to its effect in the store; waiting for a retry
 * counts. Null when nothing was stored.
 */
export const latencySchema = z.object({ p50Ms: duration, p99Ms: duration }).meta({ id: "Latency" });

export const pulseSchema = z
  .object({
    at: z.iso.datetime(),
    /** Of the last second, and of the last sixty. */
    second: flowSchema,
    minute: flowSchema.extend(latencySchema.shape),
    /** Records that wait on the topics to be read; null while no partition is assigned. */
    lag: count.nullable(),
    /** Null while the store cannot be asked; so are the next two. */
    letters: z
      .object({
        byState: z.record(letterStateSchema, count),
        /** When the first open one of the queue failed last. */
        oldestOpenAt: z.iso.datetime().nullable(),
      })
      .nullable(),
    parked: z.object({ waiting: count, behind: count, dead: count }).nullable(),
    storedOrders: count.nullable(),
  })
  .meta({ id: "Pulse" });
export type Pulse = z.infer<typeof pulseSchema>;

/** One that was indexed by this instance; `letters` of the pulse counts those of all. */
const arrivedLetterSchema = z.object({
  id: z.string(),
  orderId: z.string().nullable(),
  errorType: z.string(),
  /** At most 200 characters. */
  errorMessage: z.string(),
  reason: z.string(),
  topic: z.string(),
  failedAt: z.iso.datetime(),
});
export type ArrivedLetter = z.infer<typeof arrivedLetterSchema>;

/** What is told when a reader was too slow, or comes back too late: null when nobody knows how many. */
const missedSchema = z.object({ kind: z.literal("missed"), count: count.nullable() });

export const liveEventSchema = z
  .discriminatedUnion("kind", [
    /** Once a second. */
    z.object({ kind: z.literal("pulse"), pulse: pulseSchema }),
    z.object({ kind: z.literal("dead_letter"), letter: arrivedLetterSchema }),
    /** A job as it is, when anything of it has changed; of all instances. */
    z.object({ kind: z.literal("replay"), job: replayJobSchema }),
    missedSchema,
  ])
  .meta({ id: "LiveEvent" });
export type LiveEvent = z.infer<typeof liveEventSchema>;

/** What a stream is resumed with after a reconnect: tRPC's clients and EventSource send it by themselves. */
export const lastEventIdSchema = z.string().max(200).optional();
export const liveQuerySchema = z.strictObject({ lastEventId: lastEventIdSchema }).optional();

export const nowSchema = z
  .object({
    /** Whose numbers these are. */
    instance: z.string(),
    /** When it began to count: a restart begins anew. */
    since: z.iso.datetime(),
    pulse: pulseSchema,
  })
  .meta({ id: "Now" });
export type Now = z.infer<typeof nowSchema>;

export const historyLimitSeconds = 3600;

export const historyQuerySchema = z.strictObject({
  /** How far back. */
  seconds: z.int().min(60).max(historyLimitSeconds).default(900),
});
export type HistoryQuery = z.infer<typeof historyQuerySchema>;

const column = z.array(count);
const gauge = z.array(z.number().min(0).nullable());

/** Columns of one length, oldest first. A span in which this instance did not run is not there. */
export const historySchema = z
  .object({
    instance: z.string(),
    since: z.iso.datetime(),
    /** Seconds that each value is about. */
    stepSeconds: z.int().min(1),
    /** Seconds since the epoch, at the end of each span. */
    at: z.array(z.int()),
    accepted: column,
    stored: column,
    retried: column,
    dead: column,
    orders: column,
    /** The highest of its span; so are the next ones. */
    lag: gauge,
    p50Ms: gauge,
    p99Ms: gauge,
    openLetters: gauge,
  })
  .meta({ id: "History" });
export type History = z.infer<typeof historySchema>;
