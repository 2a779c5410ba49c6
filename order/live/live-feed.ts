// order's pulse: once a second it looks at what was counted, writes it into the last hour, and tells all who listen. Dead
// letters and replays are told as they come. Whoever listens costs a place in a ring; while nobody does, the store is asked
// every five seconds, for the last hour alone.
import type { ArrivedLetter, History, HistoryQuery, LiveEvent, Now, Pulse } from "../../contract/live.ts";
import type { Stream, StreamRequest } from "../../contract/streams.ts";
import type { Clock } from "../../service/clock.ts";
import { orderIdOf } from "../domain/dead-letter.ts";
import type { ReplayJob } from "../replays/domain/replay.ts";
import { tellJob } from "../replays/tell-replay.ts";
import type { IndexedDeadLetter } from "../store/dead-letter-index.ts";
import { certainInstantOf } from "../told-failure.ts";
import { createEventRing } from "./event-ring.ts";
import { createFlowRecorder, type FlowRecorderOptions } from "./flow-recorder.ts";
import { createStoreGauges, type GaugedStore } from "./store-gauges.ts";
import { createTimeSeries } from "./time-series.ts";

export interface LiveFeed {
  now(): Now;
  history(query: HistoryQuery): History;
  events(request: StreamRequest): Stream<LiveEvent>;
  /** Letters that have just been indexed. */
  noteLetters(letters: readonly IndexedDeadLetter[]): void;
  /** One second is over; called by itself. Resolves when the store has answered. */
  beat(): Promise<void>;
  /** Ends every stream, and the beats. */
  close(): void;
}

export interface LiveFeedOptions extends FlowRecorderOptions {
  readonly store: GaugedStore;
  readonly dlqTopics: readonly string[];
  readonly clock: Clock;
  /** Whose numbers these are. */
  readonly instance: string;
  /** Of this process: never the same twice. */
  readonly life: string;
  /** Hears what nobody expected; the feed goes on. */
  readonly onSurprise: (error: unknown) => void;
}

const beatMs = 1000;
const unwatchedLookMs = 5000;
const storePatienceMs = 500;
/** A quarter of an hour of pulses, or a burst of letters. */
const keptEvents = 1000;
const maxPoints = 300;
/** A letter that failed longer ago is indexed anew, and nothing that has just come. */
const newForMs = 10 * 60_000;
/** Of one batch; the rest is in the pulse's count. */
const toldLetters = 50;

const columns = {
  accepted: { join: "sum" },
  stored: { join: "sum" },
  retried: { join: "sum" },
  dead: { join: "sum" },
  orders: { join: "sum" },
  lag: { join: "highest" },
  p50Ms: { join: "highest" },
  p99Ms: { join: "highest" },
  openLetters: { join: "highest" },
} as const;

const noFlow = { accepted: 0, stored: 0, retried: 0, dead: 0, orders: 0 };

export function createLiveFeed(options: LiveFeedOptions): LiveFeed {
  const { store, dlqTopics, clock, instance, life, onSurprise } = options;
  const recorder = createFlowRecorder(options);
  const gauges = createStoreGauges({ store, dlqTopics, clock });
  const series = createTimeSeries(columns);
  const ring = createEventRing<LiveEvent>({ capacity: keptEvents, life });
  const since = certainInstantOf(clock.nowMs());
  /** Of each known job, what was told of it last. */
  const toldJobs = new Map<string, string>();
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let closed = false;
  let cancel: (() => void) | undefined;
  let pulse: Pulse = {
    at: since,
    second: noFlow,
    minute: { ...noFlow, p50Ms: null, p99Ms: null },
    lag: null,
    letters: null,
    parked: null,
    storedOrders: null,
  };

  async function beat(): Promise<void> {
    const nowMs = clock.nowMs();
    const isWatched = ring.readers > 0;
    if (isWatched || nowMs - lookedAtMs >= unwatchedLookMs) {
      lookedAtMs = nowMs;
      await inTime(gauges.look());
    }
    if (closed) return;
    const { letters, parked, storedOrders, allOrders, jobs } = gauges.latest;
    const { second, minute, secondLatency, minuteLatency, lag } = recorder.beat(allOrders);
    pulse = {
      at: certainInstantOf(nowMs),
      second,
      minute: { ...minute, ...minuteLatency },
      lag,
      letters,
      parked,
      storedOrders,
    };
    series.push(nowMs, { ...second, ...secondLatency, lag, openLetters: letters?.byState.open ?? null });
    if (isWatched) ring.push({ kind: "pulse", pulse });
    tellJobs(jobs, isWatched);
  }

  /** A store that takes its time holds nothing up: its numbers come with a later beat. */
  async function inTime(looked: Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancelWait = clock.after(storePatienceMs, resolve);
    await Promise.race([looked.catch(onSurprise), promise]);
    cancelWait();
  }

  /** A job that had ended before anybody listened is not told. */
  function tellJobs(jobs: readonly ReplayJob[], isWatched: boolean): void {
    const present = new Set(jobs.map(({ id }) => id));
    for (const id of toldJobs.keys()) if (!present.has(id)) toldJobs.delete(id);
    for (const job of jobs) {
      const told = tellJob(job);
      const text = JSON.stringify(told);
      const before = toldJobs.get(job.id);
      if (before === text) continue;
      toldJobs.set(job.id, text);
      if (isWatched && (before !== undefined || job.endedAtMs === null))
        ring.push({ kind: "replay", job: told });
    }
  }

  function schedule(): void {
    cancel = clock.after(beatMs, () => {
      beat()
        .catch(onSurprise)
        .finally(() => {
          if (!closed) schedule();
        });
    });
  }

  schedule();
  return {
    now: () => ({ instance, since, pulse }),
    history({ seconds }) {
      const { stepSeconds, at, columns: read } = series.read(clock.nowMs(), seconds, maxPoints);
      const sums = (values: readonly (number | null)[]) => values.map((value) => value ?? 0);
      return {
        instance,
        since,
        stepSeconds,
        at: [...at],
        accepted: sums(read.accepted),
        stored: sums(read.stored),
        retried: sums(read.retried),
        dead: sums(read.dead),
        orders: sums(read.orders),
        lag: [...read.lag],
        p50Ms: [...read.p50Ms],
        p99Ms: [...read.p99Ms],
        openLetters: [...read.openLetters],
      };
    },
    async *events({ lastEventId, signal }) {
      // A new reader need not wait for the next second.
      if (lastEventId === undefined) yield { id: ring.lastId, event: { kind: "pulse", pulse } };
      yield* ring.read({ lastEventId: lastEventId ?? ring.lastId, signal });
    },
    noteLetters(letters) {
      const fresh = letters.filter(({ lastFailedAtMs }) => clock.nowMs() - lastFailedAtMs < newForMs);
      for (const letter of fresh.slice(-toldLetters)) {
        ring.push({ kind: "dead_letter", letter: tellArrived(letter) });
      }
    },
    beat,
    close() {
      closed = true;
      cancel?.();
      ring.close();
    },
  };
}

function tellArrived({
  id,
  original,
  errorType,
  errorMessage,
  death,
  lastFailedAtMs,
}: IndexedDeadLetter): ArrivedLetter {
  return {
    id,
    orderId: original.key === null ? null : orderIdOf(original.key).slice(0, 200),
    errorType: errorType.slice(0, 200),
    errorMessage: errorMessage.slice(0, 200),
    reason: death.reason,
    topic: original.topic,
    failedAt: certainInstantOf(lastFailedAtMs),
  };
}
