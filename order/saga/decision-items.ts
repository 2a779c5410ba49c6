// Delivered decisions on their way through the worker: taken in batches that fit a transaction, read when it is their turn, once
// the registry was asked, and decided together.
import type { KafkaRecord } from "../../kafka/record.ts";
import type { OriginalRecord } from "../domain/dead-letter.ts";
import type { ReplayItemId } from "../replays/domain/replay.ts";
import type { ReplayStanding } from "../replays/domain/standing.ts";
import { itemKey } from "../replays/store/replay-store.ts";
import { readTraceparent } from "../../schemas/event-headers.ts";
import type { SourceProgress } from "../store/order-store.ts";
import type { Inbox } from "../worker/inbox.ts";
import { partitionKey, type RecordDelivery } from "../worker/partition.ts";
import { RegistryUnavailable } from "../worker/read-items.ts";
import type { DecisionReader, DecisionReading } from "./decision-reader.ts";
import type { KeptDecision, Saga } from "./domain/saga.ts";
import { decide } from "./domain/transitions.ts";
import { beginEvolution, type Evolution, type ReplayOf } from "./evolution.ts";

/**
 * A delivered record that is not looked at yet. Thousands of them wait, so each is one object, and where its bytes lie: two
 * buffers apiece would be most of what the garbage collector finds here.
 */
export interface TakenDecision extends ByteRange {
  readonly delivery: RecordDelivery;
  readonly timestampMs: number | null;
  readonly headers: KafkaRecord["headers"];
}

interface ByteRange {
  /** Of all records of a fetch. */
  readonly bytes: ArrayBufferLike;
  /** Lengths are -1 for what is null. */
  readonly keyAt: number;
  readonly keyLength: number;
  readonly valueAt: number;
  readonly valueLength: number;
}

export interface DecisionItem {
  readonly record: KafkaRecord;
  readonly delivery: RecordDelivery;
  readonly reading: ResolvedReading;
}

const noBytes = new ArrayBuffer(0);

export function toTaken(record: KafkaRecord, delivery: RecordDelivery): TakenDecision {
  const { key, value, timestampMs, headers } = record;
  const bytes = value?.buffer ?? key?.buffer ?? noBytes;
  // Not of one fetch: whoever delivers makes its records one by one.
  if (key !== null && key.buffer !== bytes) return toTaken(inOneBuffer(record), delivery);
  return {
    delivery,
    timestampMs,
    headers,
    bytes,
    keyAt: key?.byteOffset ?? 0,
    keyLength: key?.length ?? -1,
    valueAt: value?.byteOffset ?? 0,
    valueLength: value?.length ?? -1,
  };
}

function inOneBuffer(record: KafkaRecord): KafkaRecord {
  const { key, value } = record;
  if (key === null || value === null) return record;
  const bytes = Buffer.concat([key, value]);
  return { ...record, key: bytes.subarray(0, key.length), value: bytes.subarray(key.length) };
}

/** As it was delivered. */
export function recordOf(taken: TakenDecision): KafkaRecord {
  const { bytes, keyAt, keyLength, valueAt, valueLength, timestampMs, headers } = taken;
  const { partition, offset } = taken.delivery;
  return {
    topic: partition.topic,
    partition: partition.partition,
    offset,
    timestampMs,
    key: keyLength < 0 ? null : Buffer.from(bytes, keyAt, keyLength),
    value: valueLength < 0 ? null : Buffer.from(bytes, valueAt, valueLength),
    headers,
  };
}

type ResolvedReading = Exclude<DecisionReading, { kind: "unresolved-schema" }>;

/** Asks for the schemas that are not known yet. Throws RegistryUnavailable. */
export async function resolveDecisions(
  reader: Pick<DecisionReader, "read" | "resolve">,
  taken: readonly TakenDecision[],
): Promise<readonly DecisionItem[]> {
  const items: DecisionItem[] = [];
  for (const waiting of taken) {
    const record = recordOf(waiting);
    let reading = reader.read(record);
    if (reading.kind === "unresolved-schema") reading = await readResolved(reader, record, reading.schemaId);
    items.push({ record, delivery: waiting.delivery, reading });
  }
  return items;
}

async function readResolved(
  reader: Pick<DecisionReader, "read" | "resolve">,
  record: KafkaRecord,
  schemaId: number,
): Promise<ResolvedReading> {
  if ((await reader.resolve(schemaId)) !== "unavailable") {
    const reading = reader.read(record);
    if (reading.kind !== "unresolved-schema") return reading;
  }
  throw new RegistryUnavailable(`schema ${schemaId} of ${partitionKey(record)} cannot be looked up`);
}

const maxBatchBytes = 8 * 1024 * 1024;

/** At most `limit` of the oldest, and about 8 MB: decisions that wait for their partner are stored with their bytes. */
export function takeFitting(inbox: Inbox<TakenDecision>, limit: number): readonly TakenDecision[] {
  const taken = inbox.take(limit);
  let bytes = 0;
  const end = taken.findIndex(({ valueLength }) => (bytes += Math.max(0, valueLength)) > maxBatchBytes);
  if (end < 0) return taken;
  const fitting = Math.max(1, end);
  inbox.putBack(taken.slice(fitting));
  return taken.slice(0, fitting);
}

/** Records come in offset order, so the last one of a source says how far the batch brings it. */
export function progressOf(items: readonly DecisionItem[]): readonly SourceProgress[] {
  const bySource = new Map<string, SourceProgress>();
  for (const { delivery } of items) {
    const { source, epoch } = delivery.partition;
    bySource.set(source, { source, epoch, nextOffset: delivery.offset + 1 });
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
  for (const { reading, record, delivery } of items) {
    const { groupId } = delivery.partition;
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
    const { saga, effects } = evolution.step(
      orderId,
      (before) => decide(before, decision, nowMs, windowMs),
      readTraceparent(record.headers),
    );
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
