// The headers that say of which dead letter a record is the replay. They follow the original's own headers, so that taking
// them off gives back what the original had, also when somebody had forged some there. Pure.
import type { RecordHeader } from "../../../kafka/record.ts";
import { isTraceparent } from "../../../schemas/event-headers.ts";
import type { OriginalRecord } from "../../domain/dead-letter.ts";
import type { ReplayItemId } from "./replay.ts";

export interface ReplayLineage extends ReplayItemId {
  /** Id of the dead letter. */
  readonly letterId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number | null;
  /** Of the replay's own trace: what the record has beside it is its original's. */
  readonly traceparent?: string | undefined;
}

export const lineageNames = [
  "orderwire-replay-of",
  "orderwire-replay-job",
  "orderwire-replay-item",
  "orderwire-original",
  "orderwire-original-time-ms",
  "orderwire-replay-traceparent",
] as const;

export function lineageHeaders(lineage: ReplayLineage): readonly RecordHeader[] {
  const { letterId, jobId, number, topic, partition, offset, timestampMs, traceparent = "" } = lineage;
  const values = [
    letterId,
    jobId,
    String(number),
    `${topic}/${partition}/${offset}`,
    timestampMs === null ? "" : String(timestampMs),
    traceparent,
  ];
  return lineageNames.map((name, index) => [name, Buffer.from(values[index] ?? "")]);
}

const number = "(0|[1-9][0-9]{0,15})";
const originalPattern = new RegExp(`^([a-zA-Z0-9._-]{1,249})/${number}/${number}$`);
const timePattern = new RegExp(`^(-?${number})?$`);
const itemPattern = new RegExp(`^${number}$`);
const maxIdLength = 400;

/** Undefined for a record that is no replay of ours, whatever its headers claim. */
export function readLineage(headers: readonly RecordHeader[]): ReplayLineage | undefined {
  const own = headers.slice(-lineageNames.length);
  const texts: string[] = [];
  for (const [index, name] of lineageNames.entries()) {
    const header = own[index];
    if (header === undefined || header[0] !== name || header[1] === null) return undefined;
    if (header[1].length > maxIdLength) return undefined;
    texts.push(header[1].toString("utf8"));
  }
  const [letterId = "", jobId = "", item = "", original = "", time = "", traceparent = ""] = texts;
  const place = originalPattern.exec(original);
  if (place === null || !itemPattern.test(item) || !timePattern.test(time)) return undefined;
  const [, topic = "", partition = "", offset = ""] = place;
  return {
    letterId,
    jobId,
    number: Number(item),
    topic,
    partition: Number(partition),
    offset: Number(offset),
    timestampMs: time === "" ? null : Number(time),
    ...(isTraceparent(traceparent) ? { traceparent } : {}),
  };
}

/** The record that failed, out of its replay. A header without a value has come back as an empty one. */
export function originalOf(replay: OriginalRecord, lineage: ReplayLineage): OriginalRecord {
  const { topic, partition, offset, timestampMs } = lineage;
  return {
    ...replay,
    topic,
    partition,
    offset,
    timestampMs,
    headers: replay.headers.slice(0, -lineageNames.length),
  };
}
