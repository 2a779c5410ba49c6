// Delivered decisions on their way through the worker: read when they come, resolved once the registry was asked, taken in
// batches that fit a transaction, and decided together.
import type { KafkaRecord } from "../../kafka/record.ts";
import type { OriginalRecord } from "../domain/dead-letter.ts";
import type { ReplayItemId } from "../replays/domain/replay.ts";
import type { ReplayStanding } from "../replays/domain/standing.ts";
import { itemKey } from "../replays/store/replay-store.ts";
import type { SourceProgress } from "../store/order-store.ts";
import type { Inbox } from "../worker/inbox.ts";
import { type AssignedPartition, partitionKey, type RecordDelivery } from "../worker/partition.ts";
import { RegistryUnavailable } from "../worker/read-items.ts";
import type { DecisionReader, DecisionReading } from "./decision-reader.ts";
import type { KeptDecision, Saga } from "./domain/saga.ts";
import { decide } from "./domain/transitions.ts";
import { beginEvolution, type Evolution, type ReplayOf } from "./evolution.ts";

/** A record from a topic; its schema may still be unknown. */
export interface TakenDecision {
  readonly partition: AssignedPartition;
  readonly record: KafkaRecord;
  readonly delivery: RecordDelivery;
  reading: DecisionReading;
}

export interface DecisionItem extends TakenDecision {
  readonly reading: Exclude<DecisionReading, { kind: "unresolved-schema" }>;
}

export function readDecision(
  reader: Pick<DecisionReader, "read">,
  record: KafkaRecord,
  partition: AssignedPartition,
  delivery: RecordDelivery,
): TakenDecision {
  return { partition, record, delivery, reading: reader.read(record) };
}

/** Asks for the schemas that are not known yet. Throws RegistryUnavailable. */
export async function resolveDecisions(
  reader: Pick<DecisionReader, "read" | "resolve">,
  items: readonly TakenDecision[],
): Promise<readonly DecisionItem[]> {
  if (items.every(isRead)) return items;
  const read: DecisionItem[] = [];
  for (const item of items) {
    // Learnt from a record before this one, perhaps.
    if (item.reading.kind === "unresolved-schema") item.reading = reader.read(item.record);
    if (item.reading.kind === "unresolved-schema") {
      const { schemaId } = item.reading;
      if ((await reader.resolve(schemaId)) !== "unavailable") item.reading = reader.read(item.record);
      if (item.reading.kind === "unresolved-schema") {
        throw new RegistryUnavailable(
          `schema ${schemaId} of ${partitionKey(item.record)} cannot be looked up`,
        );
      }
    }
    if (isRead(item)) read.push(item);
  }
  return read;
}

const maxBatchBytes = 8 * 1024 * 1024;

/** At most `limit` of the oldest, and about 8 MB: decisions that wait for their partner are stored with their bytes. */
export function takeFitting(inbox: Inbox<TakenDecision>, limit: number): readonly TakenDecision[] {
  const taken = inbox.take(limit);
  let bytes = 0;
  const end = taken.findIndex(({ record }) => (bytes += record.value?.length ?? 0) > maxBatchBytes);
  if (end < 0) return taken;
  const fitting = Math.max(1, end);
  inbox.putBack(taken.slice(fitting));
  return taken.slice(0, fitting);
}

/** Records come in offset order, so the last one of a source says how far the batch brings it. */
export function progressOf(items: readonly DecisionItem[]): readonly SourceProgress[] {
  const bySource = new Map<string, SourceProgress>();
  for (const { partition, record } of items) {
    const { source, epoch } = partition;
    bySource.set(source, { source, epoch, nextOffset: record.offset + 1 });
  }
  return [...bySource.values()];
}

export interface DecisionContext {
  readonly nowMs: number;
  readonly windowMs: number;
  readonly replays?: ReplayContext | undefined;
}

interface ReplayContext {
  readonly replayOf: ReplayOf;
  /** Where the replays among the records stand. */
  readonly standings: ReadonlyMap<OriginalRecord, ReplayStanding>;
  /** Of those that had an outcome before this could be written. */
  readonly isEnded: (item: ReplayItemId) => boolean;
}

export function evolveDecisions(
  items: readonly DecisionItem[],
  known: ReadonlyMap<number, Saga>,
  { nowMs, windowMs, replays }: DecisionContext,
): Evolution {
  const evolution = beginEvolution(known, replays?.replayOf);
  const seen = new Set<string>();
  for (const { reading, record, partition } of items) {
    const { groupId } = partition;
    const standing = replays?.standings.get(record);
    if (standing?.kind === "forged") {
      const { reason, message } = standing.failure;
      evolution.addLetter({ kind: "dead-letter", reason, message, original: record, groupId });
      continue;
    }
    const replay = standing?.kind === "awaited" ? standing : undefined;
    if (standing !== undefined) {
      // A copy of one that has its outcome, or of one in this batch.
      if (replay === undefined || replays?.isEnded(replay.item) || seen.has(itemKey(replay.item))) continue;
      seen.add(itemKey(replay.item));
    }
    if (reading.kind === "undecodable") {
      const { reason, message } = reading;
      evolution.addLetter({ kind: "dead-letter", reason, message, original: record, groupId });
      continue;
    }
    const { orderId, side, answer, source } = reading;
    if (replay !== undefined && waitsAlready(evolution.sagaOf(orderId)?.[side], replay, replays)) continue;
    const decision = {
      orderId,
      side,
      answer,
      source,
      // A record without a time is as old as its arrival.
      eventTimeMs: (replay === undefined ? record : replay.origin).timestampMs ?? nowMs,
      replayOf: replay?.item.letterId ?? null,
      original: record,
      groupId,
    };
    const { saga, effects } = evolution.step(orderId, (before) => decide(before, decision, nowMs, windowMs));
    // A replay that waits for its partner has its outcome when that comes, or its deadline; a dead letter is one.
    if (replay === undefined || saga[side]?.original === record) continue;
    if (effects.some(({ kind }) => kind === "dead-letter")) continue;
    const counts = effects.some((effect) => effect.kind === "counted" && effect.what === "replayed");
    evolution.endReplay({ ...replay.item, outcome: counts ? "applied" : "already_applied", failure: null });
  }
  return evolution.end();
}

/** A copy of the replay that waits there. */
function waitsAlready(
  kept: KeptDecision | null | undefined,
  { item }: Extract<ReplayStanding, { kind: "awaited" }>,
  replays: ReplayContext | undefined,
): boolean {
  const original = kept?.original ?? null;
  const waiting = original === null ? undefined : replays?.replayOf(original);
  return waiting !== undefined && itemKey(waiting) === itemKey(item);
}

function isRead(item: TakenDecision): item is DecisionItem {
  return item.reading.kind !== "unresolved-schema";
}
