// What a kind of failure is to whoever looks after it. A group reopens by itself: what comes back is open again, and the server
// ends an ignorance that something new has fallen into.
import type { LetterGroup } from "../../contract/replays.ts";

export const groupStates = ["open", "replaying", "ignored", "resolved"] as const;
export type GroupState = (typeof groupStates)[number];

type Known = Pick<LetterGroup, "byState" | "ignored">;

export function groupStateOf({ byState, ignored }: Known): GroupState {
  if ((byState.replaying ?? 0) > 0) return "replaying";
  if (ignored) return "ignored";
  return unsettled({ byState }) > 0 ? "open" : "resolved";
}

/** Letters that somebody has to look at. */
export function unsettled({ byState }: Pick<LetterGroup, "byState">): number {
  return (byState.open ?? 0) + (byState.quarantined ?? 0);
}

/** How many groups are in each state. */
export function countGroups(groups: readonly Known[]): Readonly<Record<GroupState, number>> {
  const counts = { open: 0, replaying: 0, ignored: 0, resolved: 0 };
  for (const group of groups) counts[groupStateOf(group)] += 1;
  return counts;
}

/** Whether any word of it is typed in what people read of the group. */
export function groupMatches(
  group: Pick<LetterGroup, "pattern" | "errorType" | "reason" | "note" | "owner">,
  typed: string,
): boolean {
  const text = [group.pattern, group.errorType, group.reason, group.note, group.owner]
    .join("\n")
    .toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
