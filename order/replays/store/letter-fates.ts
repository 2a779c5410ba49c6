// What has become of the dead letters, and which of them are alike: the port, alike in both dialects.
import type { DeadLetterFilter } from "../../store/dead-letter-index.ts";
import type { LetterState } from "../domain/replay.ts";
import type { LetterScope } from "./replay-store.ts";

export interface LetterFate {
  readonly state: LetterState;
  /** How often it was replayed with an outcome. */
  readonly replays: number;
  /** Empty for a letter from before there were any: making the index anew gives it one. */
  readonly fingerprint: string;
}

/** Letters that failed alike. */
export interface LetterGroup {
  readonly fingerprint: string;
  readonly errorType: string;
  readonly reason: string;
  /** The message with placeholders. */
  readonly pattern: string;
  /** Letters by state; states without one are absent. */
  readonly counts: Partial<Readonly<Record<LetterState, number>>>;
  readonly total: number;
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
  /** Failures in each of the last 24 hours, the oldest first. */
  readonly hours: readonly number[];
  /** One of its letters. */
  readonly sampleId: string;
  readonly note: string;
  readonly owner: string;
  /** Whether somebody ignores it and nothing of it has failed since. */
  readonly isIgnored: boolean;
}

export interface GroupNote {
  readonly note?: string;
  readonly owner?: string;
  /** Null: not ignored. */
  readonly ignoredAtMs?: number | null;
}

export interface MatchingLetters {
  readonly count: number;
  /** Otherwise there are at least so many. */
  readonly isExact: boolean;
}

export interface LetterFates {
  /** Those that exist, by id. */
  of(ids: readonly string[]): Promise<ReadonlyMap<string, LetterFate>>;
  /** Most letters first. Reads the whole index. */
  groups(nowMs: number): Promise<readonly LetterGroup[]>;
  /** False when no such failure is known. */
  annotate(fingerprint: string, note: GroupNote): Promise<boolean>;
  /** Moves letters from these states, ten thousand in a transaction; answers how many. Repeating it moves the rest. */
  move(scope: LetterScope, from: readonly LetterState[], to: LetterState): Promise<number>;
  count(scope: LetterScope, states?: readonly LetterState[]): Promise<number>;
  /** Of all that match, whatever became of them; not exact when `hasTime` says no before all were looked at. */
  countMatching(filter: DeadLetterFilter, hasTime: () => boolean): Promise<MatchingLetters>;
  countByState(): Promise<Readonly<Record<LetterState, number>>>;
  /** When the open letter failed that has waited longest; undefined when none is open. Reads all that are open. */
  oldestOpenAtMs(): Promise<number | undefined>;
}
