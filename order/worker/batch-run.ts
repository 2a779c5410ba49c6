// One batch from reading to settled: supervised by the breaker, written, and then followed by everything that depends on
// its being written. When the store refuses it for a reason that nobody expected, halves find the record that causes it.
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import type { Breaker, Observation } from "../dead-letters/breaker.ts";
import { causeKey } from "../dead-letters/cause-key.ts";
import type { DeadLetterOutbox } from "../dead-letters/dead-letter-outbox.ts";
import type { Failure, RetryPolicies } from "../domain/verdict.ts";
import type { ReplayDesk } from "../replays/replay-desk.ts";
import type { OrderStore } from "../store/order-store.ts";
import type { ParkedRecord } from "../store/parked-records.ts";
import { readTraceId } from "../../schemas/event-headers.ts";
import type { Tracing } from "../../telemetry/tracing.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { ReachCrashPoint } from "./crash-points.ts";
import { type BatchTally, countBatch } from "./count-batch.ts";
import { surpriseFailure } from "./failures.ts";
import type { BatchPlan, ItemEnd } from "./plan-batch.ts";
import { eventTypeOf } from "./record-reader.ts";
import { traceBatch } from "./trace-batch.ts";
import type { WorkItem } from "./work-item.ts";
import { type BatchDraft, draftBatch, writeBatch } from "./write-batch.ts";

export interface BatchOutcome {
  /** Items that were not tried: the breaker stopped the batch before them, or their source is claimed by another. */
  readonly notDone: readonly WorkItem[];
  readonly fenced: readonly string[];
  /** What the store has now, of a batch that was written whole and at once; what was drafted on another plan is void. */
  readonly written?: BatchPlan;
}

export interface BatchRun {
  /** Throws StoreUnavailable; then it is unknown whether anything was written, and nothing was settled. */
  run(items: readonly WorkItem[], turn?: Turn): Promise<BatchOutcome>;
  /**
   * What these items do when `before` is in the store, decided while it is being written; undefined when it must be decided in
   * their own turn. Throws what the store throws.
   */
  draft(items: readonly WorkItem[], before: BatchPlan): Promise<BatchDraft | undefined>;
}

export interface Turn {
  /** What the items do, decided already. */
  readonly draft?: BatchDraft | undefined;
  /** The whole batch is about to be written, for the first time. */
  readonly onSaving?: (plan: BatchPlan) => void;
}

export interface BatchRunOptions {
  readonly store: Pick<OrderStore, "load" | "stage" | "save">;
  readonly policies: RetryPolicies;
  readonly simulate: (item: WorkItem) => Failure | undefined;
  readonly outbox: Pick<DeadLetterOutbox, "add">;
  readonly breaker: Breaker;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reachCrashPoint: ReachCrashPoint;
  readonly replays?: ReplayDesk | undefined;
  readonly tally?: BatchTally | undefined;
  readonly tracing?: Tracing | undefined;
}

export function createBatchRun(options: BatchRunOptions): BatchRun {
  const { store, policies, simulate, outbox, breaker, clock, logger, reachCrashPoint, tally, tracing } =
    options;

  async function run(
    items: readonly WorkItem[],
    { draft, onSaving }: Turn = {},
    surprise?: Failure,
  ): Promise<BatchOutcome> {
    let stopBefore: number | undefined;
    let toldBreaker = false;
    const startedAtMs = clock.nowMs();
    try {
      const written = await writeBatch(items, {
        store,
        replays: options.replays,
        policies,
        draft,
        onSaving,
        nowMs: startedAtMs,
        isHeld: heldOutside(items),
        failureOf: (item) => surprise ?? simulate(item),
        accept(plan) {
          // That nothing fails is known only when it is written.
          if (!toldBreaker && !plan.allDone) {
            const observations = items.map((item, index) => observationOf(item, plan.ends[index]));
            if (observations.some((seen) => seen !== undefined && seen.kind !== "success")) {
              toldBreaker = true;
              stopBefore = whereToStop(items, observations);
            }
          }
          reachCrashPoint("before-store-commit");
          return stopBefore === undefined;
        },
      });
      switch (written.kind) {
        case "written":
          reachCrashPoint("after-store-commit");
          follow(items, written.plan);
          if (tally !== undefined) countBatch(tally, items, written.plan, clock.nowMs());
          if (tracing !== undefined)
            traceBatch(tracing, items, written.plan, { startedAtMs, endedAtMs: clock.nowMs() });
          if (!toldBreaker) observeSuccesses(items.length);
          return { notDone: [], fenced: [], written: written.plan };
        case "fenced":
          return { notDone: items, fenced: written.sources };
        case "refused":
          return await runUntil(items, stopBefore ?? 0);
      }
    } catch (error) {
      if (error instanceof StoreUnavailable || surprise !== undefined) throw error;
      return await runHalves(items, error);
    }
  }

  function observeSuccesses(count: number): void {
    const nowMs = clock.nowMs();
    for (let seen = 0; seen < count; seen += 1) breaker.observe(success, nowMs);
  }

  /** What came before the breaker opened is written; the rest has not been tried. */
  async function runUntil(items: readonly WorkItem[], stopBefore: number): Promise<BatchOutcome> {
    if (stopBefore === 0) return { notDone: items, fenced: [] };
    const { notDone, fenced } = await run(items.slice(0, stopBefore));
    return { notDone: [...notDone, ...items.slice(stopBefore)], fenced };
  }

  async function runHalves(items: readonly WorkItem[], error: unknown): Promise<BatchOutcome> {
    const [only] = items;
    if (items.length === 1 && only !== undefined) {
      const { decoded } = only.reading;
      return await run(items, {}, surpriseFailure(error, decoded === null ? null : eventTypeOf(decoded)));
    }
    const middle = Math.ceil(items.length / 2);
    const first = await run(items.slice(0, middle));
    // The halves keep the order of effect: what the first one could not do, the second must not overtake.
    if (first.notDone.length > 0)
      return { notDone: [...first.notDone, ...items.slice(middle)], fenced: first.fenced };
    const { notDone, fenced } = await run(items.slice(middle));
    return { notDone, fenced };
  }

  /**
   * A parked record that fails as a probe has told what it was for: its attempt does not count, and other lanes have their
   * turn before it. A new one is parked with its attempt, or the records behind it would never be tried; and undecodable
   * bytes stay what they are.
   */
  function isSpared(item: WorkItem | undefined, { kind }: Observation): boolean {
    if (item === undefined || item.parked === null || kind !== "failure") return false;
    item.partition.lanes.postpone(item.lane, breaker.nextProbeAtMs ?? 0);
    return true;
  }

  /** Tells the breaker how the items end, in order; answers the first item that must not be written because it opened. */
  function whereToStop(
    items: readonly WorkItem[],
    observations: readonly (Observation | undefined)[],
  ): number | undefined {
    const nowMs = clock.nowMs();
    for (const [index, observation] of observations.entries()) {
      if (observation === undefined) continue;
      const wasOpen = breaker.state === "open";
      breaker.observe(observation, nowMs);
      if (breaker.state !== "open") continue;
      if (wasOpen) return isSpared(items[index], observation) ? index : undefined;
      if (index + 1 < observations.length) return index + 1;
    }
    return undefined;
  }

  function follow(items: readonly WorkItem[], plan: BatchPlan): void {
    const dead: ParkedRecord[] = plan.park.filter(({ state }) => state === "dead");
    for (let index = 0; index < items.length; index += 1) {
      const [item, end] = [items[index], plan.ends[index]];
      if (item === undefined || end === undefined) continue;
      const { partition, delivery, record } = item;
      if (delivery !== null) {
        partition.nextOffset = record.offset + 1;
        if (end.kind === "dead") partition.dying.set(record.offset, delivery);
        else delivery.settled = true;
      } else if (end.kind === "dead" && item.parked !== null) {
        partition.dying.set(record.offset, null);
        dead.push({ ...item.parked, state: "dead", attempts: end.attempts, dueAtMs: null, death: end.death });
      }
      if (end.kind === "waiting" || end.kind === "dead") log(item, end);
    }
    if (plan.park.length + plan.repark.length + plan.unpark.length === 0) return;
    for (const { source, lanes } of new Set(items.map(({ partition }) => partition))) {
      const own = ({ source: other }: { source: string }) => other === source;
      if (plan.park.length > 0) lanes.park(plan.park.filter(own));
      if (plan.repark.length > 0) lanes.repark(plan.repark.filter(own));
      if (plan.unpark.length > 0) lanes.unpark(plan.unpark.filter(own));
    }
    if (dead.length > 0) {
      outbox.add(dead);
      reachCrashPoint("before-dlq-ack");
    }
  }

  function log({ lane, record }: WorkItem, end: Extract<ItemEnd, { kind: "waiting" | "dead" }>): void {
    const last = end.attempts.at(-1);
    const fields = {
      orderId: lane.slice(0, 128),
      traceId: readTraceId(record.headers),
      topic: record.topic,
      partition: record.partition,
      offset: record.offset,
      attempt: last?.attempt,
      reason: end.failure?.reason ?? "operator_request",
      cause: last?.errorMessage,
    };
    if (end.kind === "waiting") logger.info("An event failed and will be tried again", fields);
    else
      logger.warn("An event failed for good: its dead letter is published", {
        ...fields,
        category: end.death.category,
      });
  }

  return {
    run: (items, turn) => run(items, turn),
    draft: (items, before) =>
      draftBatch(items, before, {
        store,
        replays: options.replays,
        policies,
        nowMs: clock.nowMs(),
        isHeld: heldOutside(items),
        failureOf: simulate,
        reachCrashPoint,
      }),
  };
}

const success: Observation = { kind: "success" };

/** What an end says about the machinery; undefined when nothing was tried. */
function observationOf({ lane, reading }: WorkItem, end: ItemEnd | undefined): Observation | undefined {
  if (end === undefined || end.kind === "behind") return undefined;
  if (end.kind === "done") return success;
  if (end.failure === null) return undefined;
  if (reading.kind === "unreadable" && reading.decoded === null) return { kind: "undecodable" };
  const { kind, reason, errorType, message } = end.failure;
  // Simulated failures are meant; everything else that is no processing error shows that processing works.
  if (kind !== "processing" || reason === "simulated_failure") return success;
  return { kind: "failure", cause: causeKey(errorType, message), key: lane };
}

/** Whether an item's lane has earlier parked records that are not in this batch: halves of a batch keep the order too. */
function heldOutside(items: readonly WorkItem[]): (item: WorkItem) => boolean {
  const inBatch = new Set<string>();
  for (const { partition, record, delivery } of items) {
    if (delivery === null) inBatch.add(`${partition.source} ${record.offset}`);
  }
  return ({ partition, lane, record }) =>
    partition.lanes.isHeld(lane) &&
    partition.lanes
      .offsetsOf(lane)
      .some((offset) => offset < record.offset && !inBatch.has(`${partition.source} ${offset}`));
}
