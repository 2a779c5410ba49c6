// Claims as both dialects put them together.
import { readParkedSummary, type ParkedSummaryRow } from "./parked-row.ts";
import { toKeyText } from "./key-text.ts";
import type { Claim } from "./order-store.ts";
import type { ParkedSummary } from "./parked-records.ts";

export interface ClaimRow {
  /** Key text. */
  readonly source: string;
  readonly epoch: number;
  readonly next_offset: number | null;
}

/** The sources by their key text, each once, in the order in which every instance locks them. */
export function nameSources(sources: readonly string[]): ReadonlyMap<string, string> {
  return new Map([...new Set(sources)].sort().map((source) => [toKeyText(source), source]));
}

export interface ProgressOfSourceRow {
  /** Key text. */
  readonly source: string;
  readonly next_offset: number;
}

export function readProgressRows(
  names: ReadonlyMap<string, string>,
  rows: readonly ProgressOfSourceRow[],
): ReadonlyMap<string, number> {
  return new Map(rows.map(({ source, next_offset }) => [names.get(source) ?? source, next_offset]));
}

/** `parked` by source and offset. */
export function readClaims(
  names: ReadonlyMap<string, string>,
  claims: readonly ClaimRow[],
  parked: readonly ParkedSummaryRow[],
): readonly Claim[] {
  const rows = new Map(claims.map((claim) => [claim.source, claim]));
  const parkedOf = new Map<string, ParkedSummary[]>([...names.keys()].map((key) => [key, []]));
  for (const row of parked) parkedOf.get(row.source)?.push(readParkedSummary(row, names));
  return [...names].map(([key, source]) => {
    const row = rows.get(key);
    if (row === undefined) throw new Error(`the claim of ${source} was not answered`);
    return { source, epoch: row.epoch, nextOffset: row.next_offset, parked: parkedOf.get(key) ?? [] };
  });
}
