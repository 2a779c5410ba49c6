// What order counts: one object that its rooms write and that `/metrics` and the console's plots read. Since the process
// began, of this instance alone; what must survive a restart is in the store.
import { type Counter, createCounter } from "../telemetry/counter.ts";
import { createHistogram, type Histogram, journeySeconds } from "../telemetry/histogram.ts";
import { createHttpTally, type HttpTally } from "../telemetry/http-tally.ts";
import { firstOf, oneOf } from "../telemetry/labels.ts";
import { createPublishTally, type PublishTally } from "../telemetry/publish-tally.ts";
import { createRegistryTally, type RegistryTally } from "../telemetry/registry-tally.ts";
import { StoreUnavailable } from "./store/store-unavailable.ts";

/** Every reason code of a dead letter and every cause of a retry. */
const causes = oneOf([
  "duplicate_create",
  "unknown_order",
  "invalid_event",
  "simulated_failure",
  "processing_error",
  "operator_request",
  "key_mismatch",
  "forged_replay",
  // Undecodable: schemas/codec.ts.
  "tombstone",
  "too_short",
  "not_avro_framed",
  "unknown_schema_id",
  "schema_of_other_subject",
  "unreadable_schema",
  "trailing_bytes",
  "event_type_mismatch",
  "truncated",
  "block_count",
  "invalid_value",
  "nested_too_deeply",
  // Of system C's decisions: saga/README.md.
  "undecodable",
  "too_large",
  "contradictory_decision",
  "outside_window",
  "partner_missing",
]);
const categories = oneOf(["NO_RETRY_DLQ", "RETRY_THEN_DLQ"]);
/** Attempts beyond are `other`. */
const attempts = oneOf(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
const maxOperations = 80;

export interface OrderTally {
  /**
   * How tries of records have ended. `done`: in the store, or in it already. `retry`: failed, will be tried again. `behind`:
   * waits for an earlier one of its order. `dead_letter`: failed for good.
   */
  readonly events: Counter<"topic" | "outcome">;
  /** From the HTTP request (the record's timestamp) to the store, of records that are done. */
  readonly endToEndSeconds: Histogram<"topic">;
  /** Failed attempts that another one follows; `attempt` is the one that failed. */
  readonly retries: Counter<"attempt" | "cause">;
  readonly deadLetters: Counter<"topic" | "category" | "cause">;
  readonly replayOutcomes: Counter<"outcome">;
  /** Orders of system C that were settled. */
  readonly sagaOutcomes: Counter<"status">;
  /** What became of decisions; `joined` counts orders. */
  readonly sagaDecisions: Counter<"what">;
  /** Between the event times of an order's two decisions, when the second one has come. */
  readonly sagaGapSeconds: Histogram<"state">;
  /** From an order of system C being placed to its result. */
  readonly sagaSettleSeconds: Histogram<"status">;
  readonly storeCalls: Counter<"area" | "operation" | "outcome">;
  readonly storeSeconds: Histogram<"area" | "operation">;
  readonly registry: RegistryTally;
  readonly publish: PublishTally;
  readonly http: HttpTally;
}

export interface OrderTallyOptions {
  /** Topics whose records become orders: those of creations, updates and replays. */
  readonly eventTopics: readonly string[];
  /** Topics that decisions come from. */
  readonly decisionTopics: readonly string[];
  /** Topics that order publishes to. */
  readonly publishedTopics: readonly string[];
}

/** For `observeCalls`. */
export function countStoreCall(
  { storeCalls, storeSeconds }: Pick<OrderTally, "storeCalls" | "storeSeconds">,
  area: string,
  operation: string,
  durationMs: number,
  error: unknown,
): void {
  const place = { area: area === "" ? "orders" : area, operation };
  storeCalls.add({ ...place, outcome: outcomeOf(error) });
  storeSeconds.at(place).observe(durationMs / 1000);
}

function outcomeOf(error: unknown): string {
  if (error === undefined) return "ok";
  return error instanceof StoreUnavailable ? "unavailable" : "failed";
}

/** Without options every topic is `other`: for tests that look at no metric. */
export function createOrderTally(options?: Partial<OrderTallyOptions>): OrderTally {
  const { eventTopics = [], decisionTopics = [], publishedTopics = [] } = options ?? {};
  const events = oneOf(eventTopics);
  const areas = firstOf(10);
  const operations = firstOf(maxOperations);
  const statuses = oneOf(["CONFIRMED", "REJECTED", "ROLLBACK"]);
  const outcomes = oneOf(["ok", "unavailable", "failed"]);

  return {
    events: createCounter({
      name: "events",
      help: "Tries of records by their end: done, retry, behind (waits for an earlier one of its order), dead_letter.",
      sets: { topic: events, outcome: oneOf(["done", "retry", "behind", "dead_letter"]) },
    }),
    endToEndSeconds: createHistogram({
      name: "end_to_end_seconds",
      help: "From the HTTP request that an event came with (its record's timestamp) to its effect in the store.",
      sets: { topic: events },
      bounds: journeySeconds,
    }),
    retries: createCounter({
      name: "retries",
      help: "Failed attempts that another one follows, by the attempt that failed and its cause.",
      sets: { attempt: attempts, cause: causes },
      startsAtZero: false,
    }),
    deadLetters: createCounter({
      name: "dead_letters_created",
      help: "Events that failed for good, by category, cause and the topic they came from.",
      sets: { topic: oneOf([...eventTopics, ...decisionTopics]), category: categories, cause: causes },
      startsAtZero: false,
    }),
    replayOutcomes: createCounter({
      name: "replay_outcomes",
      help: "Replayed dead letters by what became of them.",
      sets: { outcome: oneOf(["applied", "already_applied", "stale", "failed", "skipped"]) },
    }),
    sagaOutcomes: createCounter({
      name: "saga_outcomes",
      help: "Orders of system C that were settled, by their status.",
      sets: { status: statuses },
    }),
    sagaDecisions: createCounter({
      name: "saga_decisions",
      help: "What became of decisions; joined counts orders. early came before its order, late after the window.",
      sets: {
        what: oneOf(["joined", "early", "duplicate", "contradictory", "late", "expired", "replayed"]),
      },
    }),
    sagaGapSeconds: createHistogram({
      name: "saga_decision_gap_seconds",
      help: "Between the event times of an order's two decisions: joined in time, or too far apart (late).",
      sets: { state: oneOf(["joined", "late"]) },
      bounds: journeySeconds,
    }),
    sagaSettleSeconds: createHistogram({
      name: "saga_settle_seconds",
      help: "From an order of system C being placed to its result.",
      sets: { status: statuses },
      bounds: journeySeconds,
    }),
    storeCalls: createCounter({
      name: "store_calls",
      help: "Calls of the store. unavailable: it was away, nothing is wrong with the call.",
      sets: { area: areas, operation: operations, outcome: outcomes },
      startsAtZero: false,
    }),
    storeSeconds: createHistogram({
      name: "store_call_duration_seconds",
      help: "Duration of the store's calls.",
      sets: { area: areas, operation: operations },
      bounds: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 10],
    }),
    registry: createRegistryTally(),
    publish: createPublishTally(publishedTopics),
    http: createHttpTally(),
  };
}
