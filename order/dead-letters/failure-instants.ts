// Instants of failures as the dead letter's ISO 8601 text and back. Both directions take whatever they are given: a forged
// or foreign time can neither stop a dead letter nor its index.

/** The last one that ISO 8601 writes with four digits for the year. */
const maxInstantMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Nearest instant between 1970 and 9999; `fallbackMs` for what is no number. */
export function toInstantMs(ms: number, fallbackMs = 0): number {
  if (Number.isNaN(ms)) return toInstantMs(fallbackMs);
  return Math.min(Math.max(0, Math.trunc(ms)), maxInstantMs);
}

export function toIsoInstant(ms: number): string {
  return new Date(toInstantMs(ms)).toISOString();
}

// Date.parse alone would read "1" as a year, and a time without a zone by the zone of this machine.
const isoInstant = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?$/;

/** Milliseconds since the epoch; a time without a zone is UTC. Undefined for what is no ISO 8601 instant. */
export function readIsoInstant(text: string): number | undefined {
  const match = isoInstant.exec(text);
  if (match === null) return undefined;
  const ms = Date.parse(match[1] === undefined ? `${text}Z` : text);
  return Number.isNaN(ms) ? undefined : toInstantMs(ms);
}
