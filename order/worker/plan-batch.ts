// What a batch does, decided in memory and as a whole: which orders change, which records are parked, which are dead. Pure:
// the same items, orders and time give the same plan, so every rule of retrying and ordering is tested without a broker.
import type { DeathCertificate, FailedAttempt } from "../domain/dead-letter.ts";
import { decide, type EventOrigin, type OrderState } from "../domain/order.ts";
import { type Failure, judge, type RetryPolicies } from "../domain/verdict.ts";
import { decideReplay } from "../replays/domain/decide-replay.ts";
import type { ReplayOutcome } from "../replays/domain/replay.ts";
import type { ReplayStanding } from "../replays/domain/standing.ts";
import { itemKey, type ReplaySettlement } from "../replays/store/replay-store.ts";
import type { OrderChange } from "../store/order-store.ts";
import type { ParkedId, ParkedProgress, ParkedRecord } from "../store/parked-records.ts";
import { failureOfReading, failureOfRejection } from "./failures.ts";
import { describeEvent, eventTypeOf } from "./record-reader.ts";
import { detachRecord, type WorkItem } from "./work-item.ts";

export interface PlanOptions {
  readonly policies: RetryPolicies;
  readonly nowMs: number;
  /** Whether the lane of an item has earlier parked records that are not in this batch. */
  readonly isHeld: (item: WorkItem) => boolean;
  /** A processing failure that is known before deciding: a simulated one, or what the store said to this order. */
  readonly failureOf: (item: WorkItem) => Failure | undefined;
  /** Where a replay stands; undefined for everything else. */
  readonly replayOf?: (item: WorkItem) => ReplayStanding | undefined;
}

export type ItemEnd =
  /** In the store, or in it already. */
  | { readonly kind: "done"; readonly outcome?: Exclude<ReplayOutcome, "failed" | "skipped"> }
  /** An earlier record of its lane waits. */
  | { readonly kind: "behind" }
  | {
      readonly kind: "waiting";
      readonly failure: Failure;
      readonly attempts: readonly FailedAttempt[];
      readonly dueAtMs: number;
    }
  | {
      readonly kind: "dead";
      /** Null when an operator ended it. */
      readonly failure: Failure | null;
      readonly attempts: readonly FailedAttempt[];
      readonly death: DeathCertificate;
    };

export interface BatchPlan {
  readonly changes: readonly OrderChange[];
  readonly park: readonly ParkedRecord[];
  readonly repark: readonly (ParkedId & ParkedProgress)[];
  readonly unpark: readonly ParkedId[];
  /** Replays that have an outcome now. */
  readonly settle: readonly Omit<ReplaySettlement, "quarantineAfter">[];
  /** How each item ends, in the order of the items. */
  readonly ends: readonly ItemEnd[];
  /** Whether all of them end as done. */
  readonly allDone: boolean;
}

/** `orders` has what the store said; an order that is not in it does not exist. Items come in the order of their effect. */
export function planBatch(
  items: readonly WorkItem[],
  orders: ReadonlyMap<string, OrderState>,
  options: PlanOptions,
): BatchPlan {
  const changed = new Map<string, OrderState>();
  const blockedLanes = new Set<string>();
  const settle = new Map<string, BatchPlan["settle"][number]>();
  const ends = items.map((item) => {
    const replay = options.replayOf?.(item);
    // A copy of a replay that has its outcome, from an earlier batch or from this one.
    if (replay?.kind === "settled" || (replay?.kind === "awaited" && settle.has(itemKey(replay.item))))
      return done;
    const end = endOf(item, orders, changed, blockedLanes, replay, options);
    if (replay?.kind === "awaited") {
      const settlement = settlementOf(replay, end, options.nowMs);
      if (settlement !== undefined) settle.set(itemKey(replay.item), settlement);
    }
    if (end.kind === "waiting" || end.kind === "behind") blockedLanes.add(laneKeyOf(item));
    return end;
  });
  const changes = [...changed].map(([orderId, order]) => ({
    order,
    expectedVersion: orders.get(orderId)?.version ?? 0,
  }));
  const settled = [...settle.values()];
  const allDone = ends.every(({ kind }) => kind === "done");
  return { changes, ...parkedChanges(items, ends), settle: settled, ends, allDone };
}

const done: ItemEnd = { kind: "done" };

function laneKeyOf({ partition, lane }: WorkItem): string {
  return `${partition.source} ${lane}`;
}

function endOf(
  item: WorkItem,
  orders: ReadonlyMap<string, OrderState>,
  changed: Map<string, OrderState>,
  blockedLanes: ReadonlySet<string>,
  replay: Exclude<ReplayStanding, { kind: "settled" }> | undefined,
  options: PlanOptions,
): ItemEnd {
  const { reading } = item;
  if (replay?.kind === "forged") return failedEnd(item, replay.failure, options);
  if (item.deathOrdered) return endedByOperator(item, options.nowMs);
  // Bytes that are no event have no effect that could come too early, so they wait for nobody.
  if (reading.kind === "unreadable") return failedEnd(item, failureOfReading(reading), options);
  // A set of lanes is empty in almost every batch: asking its size first keeps the happy path free of texts.
  if (blockedLanes.size > 0 && blockedLanes.has(laneKeyOf(item))) return { kind: "behind" };
  if (options.isHeld(item)) return { kind: "behind" };
  const known = options.failureOf(item);
  if (known !== undefined) return failedEnd(item, known, options);
  if (reading.kind !== "event") return failedEnd(item, failureOfReading(reading), options);

  const { event, eventId } = reading;
  const order = changed.get(event.orderId) ?? orders.get(event.orderId);
  const { topic, partition, offset } = item.record;
  const origin: EventOrigin = { source: item.partition.source, topic, partition, offset, eventId };
  const decision =
    replay === undefined
      ? decide(order, event, origin)
      : decideReplay(order, event, { ...replay.origin, eventId });
  switch (decision.kind) {
    case "apply":
      changed.set(event.orderId, decision.order);
      return replay === undefined ? done : { kind: "done", outcome: "applied" };
    case "already-applied":
      return replay === undefined ? done : { kind: "done", outcome: "already_applied" };
    case "stale":
      return { kind: "done", outcome: "stale" };
    case "reject":
      return failedEnd(item, failureOfRejection(decision.rejection, event.eventType), options);
  }
}

/** Undefined while it waits. */
function settlementOf(
  { item }: Extract<ReplayStanding, { kind: "awaited" }>,
  end: ItemEnd,
  atMs: number,
): BatchPlan["settle"][number] | undefined {
  switch (end.kind) {
    case "done":
      return { ...item, outcome: end.outcome ?? "applied", failure: null, atMs };
    case "dead": {
      const { errorType = "", errorMessage = "" } = end.attempts.at(-1) ?? {};
      return {
        ...item,
        outcome: "failed",
        failure: { reason: end.death.reason, errorType, errorMessage },
        atMs,
      };
    }
    case "waiting":
    case "behind":
      return undefined;
  }
}

function failedEnd(item: WorkItem, failure: Failure, { policies, nowMs }: PlanOptions): ItemEnd {
  const attempt = (item.parked?.attempts.at(-1)?.attempt ?? 0) + 1;
  const attempts = withAttempt(item.parked?.attempts ?? [], {
    attempt,
    failedAtMs: nowMs,
    errorType: failure.errorType,
    errorMessage: failure.message.slice(0, maxMessageLength),
  });
  const eventType = item.reading.decoded === null ? null : eventTypeOf(item.reading.decoded);
  const verdict = judge(failure, eventType, attempt, policies, nowMs);
  switch (verdict.kind) {
    case "retry":
      return { kind: "waiting", failure, attempts, dueAtMs: verdict.dueAtMs };
    case "dead-letter":
      return { kind: "dead", failure, attempts, death: verdict.death };
  }
}

function endedByOperator(item: WorkItem, nowMs: number): ItemEnd {
  const untried: FailedAttempt = {
    attempt: 1,
    failedAtMs: nowMs,
    errorType: "OperatorRequest",
    errorMessage: "Dead-lettered by an operator before it was tried.",
  };
  return {
    kind: "dead",
    failure: null,
    attempts: item.parked === null || item.parked.attempts.length === 0 ? [untried] : item.parked.attempts,
    death: { category: "RETRY_THEN_DLQ", reason: "operator_request" },
  };
}

const maxMessageLength = 1000;
const maxAttemptsKept = 20;

/** The first attempt and the newest ones are kept. */
function withAttempt(attempts: readonly FailedAttempt[], next: FailedAttempt): readonly FailedAttempt[] {
  if (attempts.length < maxAttemptsKept) return [...attempts, next];
  return [...attempts.slice(0, 1), ...attempts.slice(2), next];
}

function parkedChanges(
  items: readonly WorkItem[],
  ends: readonly ItemEnd[],
): Pick<BatchPlan, "park" | "repark" | "unpark"> {
  const park: ParkedRecord[] = [];
  const repark: (ParkedId & ParkedProgress)[] = [];
  const unpark: ParkedId[] = [];
  for (let index = 0; index < items.length; index += 1) {
    const [item, end] = [items[index], ends[index]];
    // Nearly all of them.
    if (item === undefined || end === undefined || (end.kind === "done" && item.delivery !== null)) continue;
    const isNew = item.delivery !== null;
    const id: ParkedId = { source: item.partition.source, offset: item.record.offset };
    if (end.kind === "done") unpark.push(id);
    else if (isNew) park.push(parkedRecord(item, id, progressOf(end)));
    // A record that was parked behind stays as it is.
    else if (end.kind !== "behind") repark.push({ ...id, ...progressOf(end) });
  }
  return { park, repark, unpark };
}

function progressOf(end: Exclude<ItemEnd, { kind: "done" }>): ParkedProgress {
  switch (end.kind) {
    case "behind":
      return { state: "behind", attempts: [], dueAtMs: null, death: null };
    case "waiting":
      return { state: "waiting", attempts: end.attempts, dueAtMs: end.dueAtMs, death: null };
    case "dead":
      return { state: "dead", attempts: end.attempts, dueAtMs: null, death: end.death };
  }
}

function parkedRecord(item: WorkItem, id: ParkedId, progress: ParkedProgress): ParkedRecord {
  return {
    ...id,
    ...progress,
    lane: item.lane,
    groupId: item.partition.groupId,
    original: detachRecord(item.record),
    event: describeEvent(item.reading),
  };
}
