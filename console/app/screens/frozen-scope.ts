// What a new replay is about, fixed at a moment: what fails later is not in it, so that the number that was looked at is the
// number that is replayed.
import type { LetterScope } from "../../../contract/replays.ts";
import { maxScopeIds } from "../../../contract/replays.ts";
import type { ReplayTarget } from "../../model/replay-address.ts";
import { readSearch, type LetterSearch } from "../../model/search-syntax.ts";
import { keptIds } from "../data/chosen-letters.ts";

export type FrozenScope =
  | { readonly kind: "search"; readonly scope: LetterScope; readonly typed: string }
  | { readonly kind: "ids"; readonly scope: LetterScope; readonly ids: readonly string[] }
  /** Nothing can be ordered about it. */
  | { readonly kind: "none"; readonly problems: readonly string[] };

export function freeze(target: ReplayTarget, asOfMs: number): FrozenScope {
  if (target.kind === "search") {
    const { search, problems } = readSearch(target.typed, asOfMs);
    if (problems.length > 0) return { kind: "none", problems };
    return { kind: "search", scope: { filter: filterAsOf(search, asOfMs) }, typed: target.typed };
  }
  const ids = target.kind === "ids" ? target.ids : keptIds(target.key);
  if (ids === undefined) {
    return { kind: "none", problems: ["These messages were chosen in another tab, which alone knows them"] };
  }
  const problem = idsProblem(ids.length);
  return problem === undefined
    ? { kind: "ids", scope: { ids: [...ids] }, ids }
    : { kind: "none", problems: [problem] };
}

export function filterAsOf(search: LetterSearch, asOfMs: number): LetterSearch {
  const until = Math.min(asOfMs, search.until === undefined ? asOfMs : Date.parse(search.until));
  return { ...search, until: new Date(until).toISOString() };
}

/** Undefined when so many can be named one by one. */
export function idsProblem(count: number): string | undefined {
  return count <= maxScopeIds
    ? undefined
    : `${maxScopeIds} messages at most can be chosen one by one; narrow them down by a search and select all that match`;
}
