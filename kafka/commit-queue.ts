// Commits of explicit offsets with the broker's answer. One request is on its way at a time; what is asked meanwhile is
// merged, per partition the last one wins, and goes with the next. The client reports answers without saying to which
// request, so an answer is matched by what it is about.
import type { NativeOffset } from "./binding.ts";
import type { NextOffset } from "./record.ts";

export interface CommitFailure {
  /**
   * `fenced`: this member does not own the partition any more, its work there is void. `unavailable`: no answer in time, or
   * the coordinator is moving; the offsets may or may not be committed, commit again.
   */
  readonly kind: "fenced" | "unavailable";
  /** librdkafka's error code, negative for its own errors. */
  readonly code: number;
}

export type CommitOutcome = { readonly ok: true } | { readonly ok: false; readonly failure: CommitFailure };

export interface CommitQueue {
  commit(nextOffsets: readonly NextOffset[]): Promise<CommitOutcome>;
  /** The client's answer; without a code it is a success. */
  onAnswer(code: number | undefined, offsets: readonly Partial<NativeOffset>[]): void;
  /** Answers everything with `unavailable`; later commits too. */
  close(): void;
}

export interface CommitQueueOptions {
  /** Hands a request to the client; 0 or an error code. */
  readonly send: (offsets: readonly NativeOffset[]) => number;
  /** Milliseconds to wait for the broker's answer. */
  readonly timeoutMs: number;
}

const codes = {
  destroyed: -197,
  timedOut: -185,
  noOffset: -168,
  assignmentLost: -142,
  illegalGeneration: 22,
  unknownMember: 25,
  fencedInstance: 82,
  fencedMemberEpoch: 110,
  staleMemberEpoch: 113,
} as const;

const fencing: ReadonlySet<number> = new Set([
  codes.assignmentLost,
  codes.illegalGeneration,
  codes.unknownMember,
  codes.fencedInstance,
  codes.fencedMemberEpoch,
  codes.staleMemberEpoch,
]);

/** What a commit of partitions that are not assigned is answered with. */
export const notAssigned: CommitOutcome = {
  ok: false,
  failure: { kind: "fenced", code: codes.assignmentLost },
};

interface Request {
  readonly offsets: Map<string, NativeOffset>;
  readonly waiters: ((outcome: CommitOutcome) => void)[];
}

export function createCommitQueue({ send, timeoutMs }: CommitQueueOptions): CommitQueue {
  let current: Request | null = null;
  let next: Request = emptyRequest();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  function sendNext(): void {
    if (current !== null || next.waiters.length === 0) return;
    current = next;
    next = emptyRequest();
    const code = send([...current.offsets.values()]);
    if (code !== 0) finish(failureOf(code));
    else timer = setTimeout(() => finish(failureOf(codes.timedOut)), timeoutMs);
  }

  function finish(outcome: CommitOutcome): void {
    clearTimeout(timer);
    const done = current;
    current = null;
    for (const resolve of done?.waiters ?? []) resolve(outcome);
    sendNext();
  }

  return {
    commit(nextOffsets) {
      if (closed) return Promise.resolve(failureOf(codes.destroyed));
      if (nextOffsets.length === 0) return Promise.resolve(committed);
      for (const { topic, partition, nextOffset } of nextOffsets) {
        if (!Number.isSafeInteger(nextOffset) || nextOffset < 0) {
          throw new RangeError(
            `nextOffset of ${topic}/${partition} must be an integer from 0, got ${nextOffset}`,
          );
        }
        next.offsets.set(`${partition}/${topic}`, { topic, partition, offset: nextOffset });
      }
      return new Promise((resolve) => {
        next.waiters.push(resolve);
        sendNext();
      });
    },
    onAnswer(code, offsets) {
      // An answer to a request that was given up: its time was over.
      if (current === null || !isAbout(current, offsets)) return;
      finish(code === undefined ? committed : failureOf(code));
    },
    close() {
      closed = true;
      const abandoned = [...(current?.waiters ?? []), ...next.waiters];
      clearTimeout(timer);
      current = null;
      next = emptyRequest();
      for (const resolve of abandoned) resolve(failureOf(codes.destroyed));
    },
  };
}

const committed: CommitOutcome = { ok: true };

function failureOf(code: number): CommitOutcome {
  return { ok: false, failure: { kind: fencing.has(code) ? "fenced" : "unavailable", code } };
}

function emptyRequest(): Request {
  return { offsets: new Map(), waiters: [] };
}

function isAbout(request: Request, offsets: readonly Partial<NativeOffset>[]): boolean {
  if (offsets.length !== request.offsets.size) return false;
  return offsets.every(
    ({ topic, partition, offset }) =>
      request.offsets.get(`${String(partition)}/${String(topic)}`)?.offset === offset,
  );
}
