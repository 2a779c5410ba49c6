// A scope in the contract's words: as the store understands it, and as the audit keeps it.
import type { LetterScope as ToldScope } from "../../contract/replays.ts";
import { letterFilterOf } from "../letter-filter.ts";
import type { AuditTarget } from "../store/audit.ts";
import type { LetterScope } from "./store/replay-store.ts";

/** `ordersDlqTopic`: of the letters that name no DLQ topic. */
export function scopeOf({ ids, filter = {} }: ToldScope, ordersDlqTopic: string): LetterScope {
  return ids === undefined
    ? { kind: "filter", filter: letterFilterOf(filter, ordersDlqTopic) }
    : { kind: "ids", ids: [...new Set(ids)] };
}

const maxIdsNamed = 20;

export function describeScope({ ids, filter = {} }: ToldScope): AuditTarget {
  if (ids === undefined) {
    return Object.fromEntries(
      Object.entries(filter).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
  }
  const named = ids.slice(0, maxIdsNamed).join(" ");
  return { ids: ids.length > maxIdsNamed ? `${named} and ${ids.length - maxIdsNamed} more` : named };
}
