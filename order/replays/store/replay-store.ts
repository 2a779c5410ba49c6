// The jobs of replays and what became of each letter in them: the port, alike in both dialects. Every method is one
// transaction and rejects with `StoreUnavailable` when the store is away; repeating it is harmless.
import type { OriginalRecord } from "../../domain/dead-letter.ts";
import type { DeadLetterFilter } from "../../store/dead-letter-index.ts";
import type {
  ItemState,
  LetterState,
  PauseCause,
  ReplayFailure,
  ReplayItemId,
  ReplayJob,
  ReplayOutcome,
} from "../domain/replay.ts";

/** Which letters: those named, or all that match now. */
export type LetterScope =
  | { readonly kind: "ids"; readonly ids: readonly string[] }
  | { readonly kind: "filter"; readonly filter: DeadLetterFilter };

export interface NewReplayJob {
  readonly id: string;
  /** Of the client: a second job with the same one is the first. */
  readonly requestId: string;
  readonly name: string;
  readonly reason: string;
  readonly actor: string;
  readonly ratePerSecond: number;
  readonly canary: number | null;
  readonly autoStopShare: number;
  readonly auditId: number;
  readonly atMs: number;
  readonly scope: ReplayJob["scope"];
  /** Published in place of what the letter has; only for a scope of one letter. */
  readonly edit?: EditedEvent;
}

export interface EditedEvent {
  readonly value: Buffer;
  readonly eventId: string;
}

export interface ReplayItem extends ReplayItemId {
  readonly letterId: string;
  readonly state: ItemState;
  readonly settledAtMs: number | null;
  /** Why it failed again or was skipped. */
  readonly failure: ReplayFailure | null;
}

/** What the worker has to know of an item before it gives its record an effect. */
export interface AnnouncedItem extends ReplayItemId {
  readonly letterId: string;
  readonly state: ItemState;
  /** Of what was published; null before. */
  readonly bodyHash: string | null;
}

/** An item that is to be published, with its letter; null when the index does not have it now. */
export interface ItemToSend extends ReplayItemId {
  readonly letterId: string;
  readonly state: "pending" | "sent";
  /** With the edited value and event id, where somebody has edited it. */
  readonly original: OriginalRecord | null;
  readonly isOmitted: boolean;
}

/** How an item ends, written with the effect. */
export interface ReplaySettlement extends ReplayItemId {
  readonly letterId: string;
  readonly outcome: Exclude<ReplayOutcome, "skipped">;
  readonly failure: ReplayFailure | null;
  readonly atMs: number;
  /** Replays of one letter after which another failure puts it in quarantine. */
  readonly quarantineAfter: number;
}

export interface TimelineQuery {
  readonly jobId: string;
  readonly fromMs: number;
  readonly stepMs: number;
  readonly steps: number;
}

export interface TimelineStep {
  /** From 0. */
  readonly step: number;
  /** Outcomes of the job, without what was skipped. */
  readonly settled: number;
  readonly failed: number;
  /** Letters of any kind whose last failure was in it. */
  readonly newFailures: number;
}

export type JobChange =
  | { readonly kind: "pause"; readonly cause: PauseCause }
  | { readonly kind: "resume" }
  | { readonly kind: "rate"; readonly ratePerSecond: number }
  /** What was not sent is skipped, and its letters are open again: of very many the first here, the rest by `skipUnsent`. */
  | { readonly kind: "cancel"; readonly atMs: number };

export interface ReplayStore {
  /**
   * Freezes the scope: exactly the letters that match and are in one of `states` belong to the job, and to no other one that
   * runs. A job of none is done at once. Of very many only the first are written down here: `isGathering` says so, and `gatherOn`
   * takes the next ones, as they are then, of those that were there now.
   */
  create(job: NewReplayJob, scope: LetterScope, states: readonly LetterState[]): Promise<ReplayJob>;
  gatherOn(jobId: string): Promise<ReplayJob | undefined>;
  get(jobId: string): Promise<ReplayJob | undefined>;
  /** Newest first. */
  list(page: { readonly limit: number; readonly beforeNumber?: number }): Promise<readonly ReplayJob[]>;
  listItems(page: {
    readonly jobId: string;
    readonly state?: ItemState;
    readonly afterNumber: number;
    readonly limit: number;
  }): Promise<readonly ReplayItem[]>;
  /** All replays of a letter, the oldest job first. */
  itemsOfLetter(letterId: string): Promise<readonly ReplayItem[]>;
  /** Steps in which nothing happened may be absent. */
  timeline(query: TimelineQuery): Promise<readonly TimelineStep[]>;
  /** Undefined when there is no such job; a job that has ended stays as it is. */
  change(jobId: string, change: JobChange): Promise<ReplayJob | undefined>;

  /** Jobs that have work and that nobody else holds until after `nowMs`: held by `owner` now, until `untilMs`. */
  lease(owner: string, nowMs: number, untilMs: number): Promise<readonly ReplayJob[]>;
  /** Lets go of everything that `owner` holds. */
  release(owner: string): Promise<void>;
  /** Items without an outcome, by number; those of a cancelled job only as far as they were sent. */
  itemsToSend(jobId: string, afterNumber: number, limit: number): Promise<readonly ItemToSend[]>;
  /** Answers the numbers that may be published: the job still runs, is `owner`'s, and they have no outcome. */
  announce(
    jobId: string,
    owner: string,
    items: readonly { readonly number: number; readonly bodyHash: string }[],
  ): Promise<readonly number[]>;
  /** Ends items that can never be published; their letters are open again. */
  skip(
    jobId: string,
    items: readonly { readonly number: number; readonly failure: ReplayFailure }[],
    atMs: number,
  ): Promise<void>;
  /** Skips what a cancelled job has not sent, so many at a time; answers how many. */
  skipUnsent(jobId: string, atMs: number): Promise<number>;
  /** Ends a job of which no item is without an outcome; answers it, once. */
  end(jobId: string, atMs: number): Promise<ReplayJob | undefined>;
  /** How many of a job's items are sent and have no outcome. */
  countSent(jobId: string): Promise<number>;

  /** Those that exist, by `itemKey`. */
  announced(ids: readonly ReplayItemId[]): Promise<ReadonlyMap<string, AnnouncedItem>>;
}

export function itemKey({ jobId, number }: ReplayItemId): string {
  return `${jobId}/${number}`;
}
