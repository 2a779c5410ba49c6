// Failed events in the contract's words: instants, texts and JSON out of numbers and bytes that other people chose, so
// nothing here throws, whatever they hold.
import type { FailedAttempt as ToldAttempt } from "../contract/dead-letters.ts";
import type { FailedAttempt, FailedEvent, OriginalRecord } from "./domain/dead-letter.ts";

const firstInstantMs = Date.parse("0000-01-01T00:00:00.000Z");
const lastInstantMs = Date.parse("9999-12-31T23:59:59.999Z");

/** ISO 8601 UTC; null for a number that no four-digit year has. */
export function instantOf(ms: number): string | null {
  return ms >= firstInstantMs && ms <= lastInstantMs ? new Date(ms).toISOString() : null;
}

/** For instants that must be told: one out of bounds becomes the epoch. */
export function certainInstantOf(ms: number): string {
  return instantOf(ms) ?? "1970-01-01T00:00:00.000Z";
}

export function tellAttempts(attempts: readonly FailedAttempt[]): ToldAttempt[] {
  return attempts.map(({ attempt, failedAtMs, errorType, errorMessage }) => ({
    attempt,
    failedAt: certainInstantOf(failedAtMs),
    errorType,
    errorMessage,
  }));
}

/** Undefined when the event has no JSON, or something that only claims to be. */
export function eventOf({ eventJson }: FailedEvent): unknown {
  if (eventJson === null) return undefined;
  try {
    const event: unknown = JSON.parse(eventJson);
    return event;
  } catch {
    return undefined;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Null when the bytes are not UTF-8. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** About what a row of this record takes as JSON. */
export function toldBytes({ value, headers }: OriginalRecord, { eventJson }: FailedEvent): number {
  const headerBytes = headers.reduce((sum, [name, bytes]) => sum + name.length + (bytes?.length ?? 0), 0);
  return 2 * ((value?.length ?? 0) + headerBytes) + 2 * (eventJson?.length ?? 0) + 1024;
}
