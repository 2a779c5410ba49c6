import { describe, expect, test } from "bun:test";
import type { LiveEvent } from "../../contract/live.ts";
import type { Told } from "../../contract/streams.ts";
import { createTestClock } from "../../service/test-clock.ts";
import type { ReplayJob } from "../replays/domain/replay.ts";
import type { IndexedDeadLetter } from "../store/dead-letter-index.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { createLiveFeed } from "./live-feed.ts";
import type { GaugedStore } from "./store-gauges.ts";

const startMs = Date.parse("2026-03-02T09:30:00.000Z");

const job: ReplayJob = {
  id: "0190f6a2-6d7e-7c0c-9d0e-3b7a5f1c2d4e",
  number: 1,
  requestId: "r",
  name: "again",
  reason: "it is back",
  actor: "me",
  state: "running",
  pauseCause: null,
  ratePerSecond: 100,
  canary: null,
  isReleased: true,
  isGathering: false,
  autoStopShare: 0.5,
  total: 10,
  counts: { applied: 0, already_applied: 0, stale: 0, failed: 0, skipped: 0 },
  judgedFrom: 0,
  failedFrom: 0,
  createdAtMs: startMs,
  endedAtMs: null,
  auditId: 1,
  scope: {},
};

function indexedLetter(differences: Partial<IndexedDeadLetter>): IndexedDeadLetter {
  return {
    id: "t/0/1",
    original: {
      topic: "t",
      partition: 0,
      offset: 1,
      timestampMs: startMs,
      key: Buffer.from("ORD-1"),
      value: null,
      headers: [],
    },
    omittedValue: null,
    omitted: [],
    consumerGroup: "g",
    errorType: "ValueError",
    errorMessage: "no",
    death: { category: "NO_RETRY_DLQ", reason: "tombstone" },
    event: { eventType: null, eventId: null, schemaId: null, eventJson: null },
    failedAttempts: 1,
    attempts: [],
    firstFailedAtMs: startMs,
    lastFailedAtMs: startMs,
    dlqTopic: "dlq",
    dlqPartition: 0,
    dlqOffset: 1,
    ...differences,
  };
}

function createStage() {
  const clock = createTestClock(startMs);
  let questions = 0;
  let away: "no" | "away" | "silent" = "no";
  let jobs: readonly ReplayJob[] = [];
  let orders = 0;
  let stored = 0;
  const surprises: unknown[] = [];
  const store: GaugedStore = {
    async count() {
      questions += 1;
      if (away === "away") throw new StoreUnavailable("gone");
      if (away === "silent") return await new Promise<never>(() => undefined);
      return orders;
    },
    countParked: async () => ({ waiting: 1, behind: 0, dead: 0 }),
    deadLetters: { list: async () => [] },
    letterFates: {
      countByState: async () => ({
        open: 2,
        replaying: 0,
        resolved: 0,
        discarded: 0,
        quarantined: 0,
        superseded: 0,
      }),
    },
    replays: { list: async () => jobs },
    sagas: {
      stats: async () => ({
        orders: { NEW: 0, CONFIRMED: 0, REJECTED: 0, ROLLBACK: 0 },
        withoutOrder: 0,
        decisions: { pending: 0, joined: 0, late: 0, expired: 0 },
        counted: {
          joined: 0,
          early: 0,
          duplicate: 0,
          contradictory: 0,
          late: 0,
          expired: 0,
          replayed: 0,
        },
        unpublished: 0,
      }),
    },
  };
  const feed = createLiveFeed({
    store,
    dlqTopics: ["dlq"],
    clock,
    instance: "one",
    life: "life",
    totals: () => ({ stored, retried: 0, dead: 0, endToEnd: { bounds: [1], counts: [stored, 0] } }),
    lag: () => [],
    isCounted: () => true,
    onSurprise: (error) => surprises.push(error),
  });
  return {
    feed,
    surprises,
    get questions() {
      return questions;
    },
    become(next: { away?: typeof away; jobs?: readonly ReplayJob[]; orders?: number; stored?: number }) {
      ({ away = away, jobs = jobs, orders = orders, stored = stored } = next);
    },
    async second() {
      clock.advance(1000);
      await settle();
      if (away === "silent") {
        clock.advance(500);
        await settle();
      }
    },
    read(lastEventId?: string) {
      const abort = new AbortController();
      const told: Told<LiveEvent>[] = [];
      const ended = (async () => {
        for await (const event of feed.events({ lastEventId, signal: abort.signal })) told.push(event);
      })();
      return { told, ended, abort };
    },
  };
}

/** What is only a chain of promises is over then. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  await Bun.sleep(0);
}

describe("the live feed", () => {
  test("tells a new reader at once how things are, and then once a second", async () => {
    const stage = createStage();
    const { told } = stage.read();
    await settle();
    expect(told.map(({ event }) => event.kind)).toEqual(["pulse"]);
    stage.become({ stored: 7, orders: 3 });
    await stage.second();
    stage.become({ stored: 9, orders: 4 });
    await stage.second();
    expect(told.map(({ event }) => event.kind)).toEqual(["pulse", "pulse", "pulse"]);
    expect(told.at(-1)?.event).toMatchObject({
      pulse: {
        second: { stored: 2, orders: 1 },
        minute: { stored: 9 },
        letters: { byState: { open: 2 } },
        storedOrders: 4,
      },
    });
    stage.feed.close();
  });

  test("asks the store every second while somebody listens, and every five seconds while nobody does", async () => {
    const stage = createStage();
    for (let second = 0; second < 20; second += 1) await stage.second();
    expect(stage.questions).toBe(4);
    const { abort, ended } = stage.read();
    await settle();
    for (let second = 0; second < 10; second += 1) await stage.second();
    expect(stage.questions).toBe(14);
    abort.abort();
    await ended;
    for (let second = 0; second < 10; second += 1) await stage.second();
    expect(stage.questions).toBeLessThanOrEqual(16);
    stage.feed.close();
  });

  test("says that the store's numbers are not known while it is away or silent, and goes on with all others", async () => {
    const stage = createStage();
    stage.read();
    await settle();
    for (const away of ["away", "silent"] as const) {
      stage.become({ away, stored: 1 });
      await stage.second();
      expect(stage.feed.now().pulse).toMatchObject({ letters: null, storedOrders: null });
    }
    expect(stage.feed.now().pulse.minute.stored).toBe(1);
    expect(stage.surprises).toEqual([]);
    stage.feed.close();
  });

  test("tells a replay when anything of it has changed, and no job that had ended before", async () => {
    const stage = createStage();
    stage.become({ jobs: [{ ...job, id: "old", state: "done", endedAtMs: startMs }] });
    const { told } = stage.read();
    await settle();
    await stage.second();
    stage.become({ jobs: [job] });
    await stage.second();
    await stage.second();
    stage.become({ jobs: [{ ...job, counts: { ...job.counts, applied: 4 } }] });
    await stage.second();
    stage.become({ jobs: [{ ...job, state: "done", endedAtMs: startMs + 5000 }] });
    await stage.second();
    const replays = told.flatMap(({ event }) => (event.kind === "replay" ? [event.job] : []));
    expect(replays.map(({ state, left }) => [state, left])).toEqual([
      ["running", 10],
      ["running", 6],
      ["done", 10],
    ]);
    stage.feed.close();
  });

  test("tells letters as they come, to those who were away for a moment too, and none that failed long ago", async () => {
    const stage = createStage();
    const first = stage.read();
    await settle();
    const letter = indexedLetter({ lastFailedAtMs: startMs });
    stage.feed.noteLetters([letter]);
    await settle();
    first.abort.abort();
    await first.ended;
    const last = first.told.at(-1);
    expect(last?.event).toMatchObject({ kind: "dead_letter", letter: { id: letter.id } });
    stage.feed.noteLetters([indexedLetter({ id: "t/0/2", lastFailedAtMs: startMs })]);
    stage.feed.noteLetters([indexedLetter({ id: "t/0/3", lastFailedAtMs: startMs - 3_600_000 })]);
    const again = stage.read(last?.id);
    await settle();
    expect(again.told.map(({ event }) => event)).toMatchObject([{ letter: { id: "t/0/2" } }]);
    stage.feed.close();
  });

  test("keeps the last hour whether or not anybody listens, and says since when", async () => {
    const stage = createStage();
    stage.become({ stored: 5 });
    await stage.second();
    await stage.second();
    const history = stage.feed.history({ seconds: 60 });
    expect(history).toMatchObject({ since: "2026-03-02T09:30:00.000Z", stepSeconds: 1, stored: [5] });
    stage.feed.close();
  });

  test("ends every stream when it is closed", async () => {
    const stage = createStage();
    const readers = [stage.read(), stage.read("life.0"), stage.read("another.3")];
    await settle();
    stage.feed.close();
    await Promise.all(readers.map(({ ended }) => ended));
    expect(readers[2]?.told[0]?.event).toEqual({ kind: "missed", count: null });
  });
});
