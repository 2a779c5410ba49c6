// What a record of the replay topic is, against what the store has announced. Anybody may be able to write to the topic: only
// what this service has announced has an effect, and each announced item has one.
import type { OriginalRecord } from "../../domain/dead-letter.ts";
import type { EventOrigin } from "../../domain/order.ts";
import type { Failure } from "../../domain/verdict.ts";
import type { AnnouncedItem } from "../store/replay-store.ts";
import { bodyHash } from "./body-hash.ts";
import type { ReplayLineage } from "./lineage.ts";
import type { ReplayItemId } from "./replay.ts";

export type ReplayStanding =
  /** Its outcome is open: this record may have the effect. */
  | {
      readonly kind: "awaited";
      readonly item: ReplayItemId & { readonly letterId: string };
      /** Where the event that failed was, and when; without its event id, which is in its headers. */
      readonly origin: Omit<EventOrigin, "eventId"> & { readonly timestampMs: number | null };
    }
  /** A copy of one that has its outcome. */
  | { readonly kind: "settled" }
  | { readonly kind: "forged"; readonly failure: Failure };

const letterIdPattern = /^(.+\/\d+)(?:@([A-Za-z0-9-]+))?\/(\d+)$/;

/**
 * The stream that the original's offset belongs to. An id tells the life of an embedded cluster; on a real one it is the
 * topic as it is now: of one that was made anew since, offsets of before are compared with those of now.
 */
export function sourceOfLetter(
  letterId: string,
  sourceOf: (partition: { readonly topic: string; readonly partition: number }) => string,
): string {
  const [, place = "", life] = letterIdPattern.exec(letterId) ?? [];
  if (life !== undefined) return `${place}@${life}`;
  const slash = place.lastIndexOf("/");
  return sourceOf({ topic: place.slice(0, slash), partition: Number(place.slice(slash + 1)) });
}

/** `sourceOf` names the stream of a topic's partition. */
export function standingOf(
  record: OriginalRecord,
  lineage: ReplayLineage | undefined,
  announced: AnnouncedItem | undefined,
  sourceOf: (partition: { readonly topic: string; readonly partition: number }) => string,
): ReplayStanding {
  if (lineage === undefined) return forged("The record names no dead letter that it is the replay of.");
  if (announced === undefined) return forged("No replay of this dead letter was ordered.");
  const { letterId, topic, partition, offset, timestampMs } = lineage;
  const [, place, , letterOffset] = letterIdPattern.exec(letterId) ?? [];
  const isItself = place === `${topic}/${partition}` && letterOffset === String(offset);
  if (announced.letterId !== letterId || !isItself) {
    return forged("The record names another dead letter than the one whose replay was ordered.");
  }
  if (announced.state === "pending" || announced.bodyHash === null) {
    return forged("The replay of this dead letter was not published by this service yet.");
  }
  if (announced.bodyHash !== bodyHash(record))
    return forged("The record has other bytes than its dead letter.");
  if (announced.state !== "sent") return { kind: "settled" };
  const source = sourceOfLetter(letterId, sourceOf);
  const { jobId, number } = announced;
  const origin = { source, topic, partition, offset, timestampMs };
  return { kind: "awaited", item: { jobId, number, letterId }, origin };
}

/** Its reason code; a dead letter with it is about the replay topic's record itself. */
export const forgedReplay = "forged_replay";

function forged(message: string): ReplayStanding {
  return {
    kind: "forged",
    failure: { kind: "unreadable", reason: forgedReplay, errorType: "ForgedReplay", message },
  };
}
