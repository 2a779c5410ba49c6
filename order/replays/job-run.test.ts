import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { silentLogger } from "../../kafka/client-fixtures.ts";
import type { PublishFailure } from "../../kafka/publisher.ts";
import type { OutgoingRecord } from "../../kafka/record.ts";
import { openOrderStore } from "../store/open-order-store.ts";
import type { OrderStore } from "../store/order-store.ts";
import { readLineage } from "./domain/lineage.ts";
import { type ReplayJob, settledCount } from "./domain/replay.ts";
import { createJobRun } from "./job-run.ts";
import type { NewReplayJob } from "./store/replay-store.ts";
import { letterAt } from "./store/replay-store.spec.ts";

const owner = "instance";
const topic = "replays";
const routes = new Map([
  ["order-events", { topic, needsKey: true }],
  ["payment-orders", { topic: "saga-replays", needsKey: false }],
]);
let store: OrderStore;
let nowMs = 0;
beforeEach(async () => {
  store = await openOrderStore(undefined);
  nowMs = 0;
});
afterEach(() => store.close());

function createStage() {
  const published: OutgoingRecord[] = [];
  const concluded: string[] = [];
  let answer: (record: OutgoingRecord) => PublishFailure | undefined = () => undefined;
  const open = () =>
    createJobRun({
      store: store.replays,
      owner,
      routeOf: (name) => routes.get(name),
      nowMs: () => nowMs,
      logger: silentLogger,
      conclude: async ({ id }) => void concluded.push(id),
      publisher: {
        async publish(record) {
          const failure = answer(record);
          if (failure !== undefined) return { ok: false, failure };
          published.push(record);
          return { ok: true, value: { partition: 0, offset: published.length } };
        },
      },
    });
  let run = open();

  return {
    published,
    concluded,
    numbers: () => published.map(({ headers }) => readLineage(headers)?.number),
    failWith(next: typeof answer) {
      answer = next;
    },
    crash() {
      run = open();
    },
    async start(count: number, differences: Partial<NewReplayJob> = {}, keys = count): Promise<ReplayJob> {
      await store.deadLetters.add(
        Array.from({ length: count }, (_, index) => {
          const { original, ...letter } = letterAt(index);
          return { ...letter, original: { ...original, key: Buffer.from(`ORD-${index % keys}`) } };
        }),
      );
      const job: NewReplayJob = {
        id: "job",
        requestId: "r",
        name: "",
        reason: "",
        actor: "",
        ratePerSecond: 1000,
        canary: null,
        autoStopShare: 0.5,
        auditId: 1,
        atMs: 0,
        scope: {},
        ...differences,
      };
      return store.replays.create(job, { kind: "filter", filter: {} }, ["open"]);
    },
    /** One look of the runner; answers the job when it has ended. */
    async step() {
      nowMs += 100;
      const [job] = await store.replays.lease(owner, nowMs, nowMs + 1000);
      return job === undefined ? undefined : (await run.step(job)).ended;
    },
    /** A look that goes by what the job was. */
    async stepAsOf(job: ReplayJob) {
      nowMs += 100;
      await run.step(job);
    },
    /** What the worker does with everything that was published. */
    async settle(outcome: "applied" | "failed" = "applied") {
      const items = await store.replays.listItems({
        jobId: "job",
        state: "sent",
        afterNumber: 0,
        limit: 1000,
      });
      const settle = items.map(({ jobId, number, letterId }) => {
        const failure = outcome === "failed" ? { reason: "r", errorType: "e", errorMessage: "m" } : null;
        return { jobId, number, letterId, outcome, failure, atMs: nowMs, quarantineAfter: 9 };
      });
      await store.save({ progress: [], changes: [], park: [], repark: [], unpark: [], settle });
    },
    async job(): Promise<ReplayJob> {
      const job = await store.replays.get("job");
      if (job === undefined) throw new Error("no job");
      return job;
    },
  };
}

test("a replay has the original's exact bytes and headers, and then its lineage", async () => {
  const stage = createStage();
  await stage.start(1);
  await stage.step();
  const [record] = stage.published;
  const { key, value, headers } = letterAt(0).original;
  expect(record).toMatchObject({ topic, key, value });
  expect(record?.headers.slice(0, headers.length)).toEqual([...headers]);
  expect(readLineage(record?.headers ?? [])).toEqual({
    letterId: "order-events/0/0",
    jobId: "job",
    number: 1,
    topic: "order-events",
    partition: 0,
    offset: 0,
    timestampMs: 1_788_000_000_000,
  });
});

test("it ends once, when the last outcome is there, with an exact account", async () => {
  const stage = createStage();
  await stage.start(30);
  for (let steps = 0; steps < 3; steps += 1) expect(await stage.step()).toBeUndefined();
  expect(stage.numbers()).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
  await stage.settle();
  expect(stage.concluded).toEqual([]);
  expect(await stage.step()).toMatchObject({ state: "done", total: 30, counts: { applied: 30 } });
  expect(stage.concluded).toEqual(["job"]);
  expect(await stage.step()).toBeUndefined();
});

test("a job that was paused when everything was on its way ends with the last outcome", async () => {
  const stage = createStage();
  await stage.start(5);
  await stage.step();
  await store.replays.change("job", { kind: "pause", cause: "operator" });
  expect(await stage.step()).toBeUndefined();
  await stage.settle();
  expect(await stage.step()).toMatchObject({ state: "done", counts: { applied: 5 } });
});

test("no second has more than its rate, also after a change of rate", async () => {
  const stage = createStage();
  await stage.start(400, { ratePerSecond: 40 });
  await stage.step();
  for (let steps = 0; steps < 10; steps += 1) await stage.step();
  expect(stage.published.length).toBeLessThanOrEqual(45);
  expect(stage.published.length).toBeGreaterThan(35);
  await store.replays.change("job", { kind: "rate", ratePerSecond: 200 });
  const before = stage.published.length;
  for (let steps = 0; steps < 10; steps += 1) {
    await stage.settle();
    await stage.step();
  }
  expect(stage.published.length - before).toBeLessThanOrEqual(205);
  expect(stage.published.length - before).toBeGreaterThan(180);
});

test("a canary goes alone, the job waits for somebody to look at it, and then goes on", async () => {
  const stage = createStage();
  await stage.start(20, { canary: 3 });
  for (let steps = 0; steps < 3; steps += 1) await stage.step();
  expect(stage.numbers()).toEqual([1, 2, 3]);
  await stage.settle();
  await stage.step();
  expect(await stage.job()).toMatchObject({ state: "paused", pauseCause: "canary" });
  await stage.step();
  expect(stage.published).toHaveLength(3);
  await store.replays.change("job", { kind: "resume" });
  await stage.step();
  expect(stage.published).toHaveLength(20);
});

test("a job that mostly fails again stops itself, and what it has not sent stays", async () => {
  const stage = createStage();
  await stage.start(400, { ratePerSecond: 300 });
  await stage.step();
  await stage.settle("failed");
  await stage.step();
  const job = await stage.job();
  expect(job).toMatchObject({ state: "paused", pauseCause: "failures" });
  expect(stage.published.length).toBeLessThan(60);
  expect(job.counts.failed).toBe(stage.published.length);
});

test("awaited outcomes are bounded, and those of a crashed owner are published again and not counted twice", async () => {
  const stage = createStage();
  await stage.start(600, { ratePerSecond: 40 });
  for (let steps = 0; steps < 100; steps += 1) await stage.step();
  expect(stage.published).toHaveLength(100);
  stage.crash();
  for (let steps = 0; steps < 100; steps += 1) await stage.step();
  expect(stage.numbers().slice(100)).toEqual(stage.numbers().slice(0, 100));
  await stage.settle();
  expect((await stage.job()).counts.applied).toBe(100);
});

test("what the broker refuses for good is skipped, its letter is open again, and the rest goes on", async () => {
  const stage = createStage();
  await stage.start(3);
  stage.failWith(({ headers }) =>
    readLineage(headers)?.number === 2 ? { kind: "refused", code: 10, message: "too large" } : undefined,
  );
  await stage.step();
  await stage.settle();
  expect(await stage.step()).toMatchObject({ counts: { applied: 2, skipped: 1 } });
  expect(await store.letterFates.countByState()).toMatchObject({ resolved: 2, open: 1 });
});

test("a topic that is missing, or rights that are, are nobody's fault: it is tried until they are there", async () => {
  const stage = createStage();
  await stage.start(3);
  stage.failWith(() => ({ kind: "refused", code: 3, message: "no such topic" }));
  for (let steps = 0; steps < 30; steps += 1) await stage.step();
  expect(await stage.job()).toMatchObject({ state: "running", counts: { skipped: 0 } });
  stage.failWith(() => undefined);
  for (let steps = 0; steps < 30; steps += 1) await stage.step();
  expect(stage.numbers()).toEqual([1, 2, 3]);
});

test("a canary lets no more go, also when its outcome comes after the runner has read the counts", async () => {
  const stage = createStage();
  const before = await stage.start(5, { canary: 1 });
  await stage.step();
  expect(stage.numbers()).toEqual([1]);
  await stage.settle();
  await stage.stepAsOf(before);
  expect(stage.numbers()).toEqual([1]);
  await stage.step();
  expect(await stage.job()).toMatchObject({ state: "paused", pauseCause: "canary", counts: { applied: 1 } });
});

test("letters that cannot be published are skipped with the reason", async () => {
  const stage = createStage();
  await store.deadLetters.add([
    letterAt(1, { original: { ...letterAt(1).original, key: null } }),
    letterAt(2, {
      omittedValue: { size: 9, sha256: "x" },
      original: { ...letterAt(2).original, value: null },
    }),
    letterAt(3, { original: { ...letterAt(3).original, topic: "elsewhere" } }),
  ]);
  await stage.start(0);
  await stage.step();
  expect(await stage.step()).toMatchObject({ state: "done", counts: { skipped: 3 } });
  const items = await store.replays.listItems({ jobId: "job", afterNumber: 0, limit: 9 });
  expect(items.map(({ failure }) => failure?.reason)).toEqual(["no_key", "value_not_kept", "foreign_topic"]);
});

test("a decision goes to the topic of its own, also without a key", async () => {
  const stage = createStage();
  const original = { ...letterAt(1).original, topic: "payment-orders", key: null };
  await store.deadLetters.add([letterAt(0), letterAt(1, { id: "payment-orders/0/1", original })]);
  await stage.start(0);
  await stage.step();
  expect(stage.published.map(({ topic: to, key }) => [to, key])).toEqual([
    [topic, letterAt(0).original.key],
    ["saga-replays", null],
  ]);
});

test("after a cancel what is left is skipped, what was sent is waited for, and both add up", async () => {
  const stage = createStage();
  await stage.start(400, { ratePerSecond: 100 });
  await stage.step();
  const sent = stage.published.length;
  await store.replays.change("job", { kind: "cancel", atMs: nowMs });
  expect(await stage.step()).toBeUndefined();
  await stage.settle();
  const ended = await stage.step();
  expect(ended).toMatchObject({ state: "cancelled", counts: { applied: sent, skipped: 400 - sent } });
  expect(stage.published).toHaveLength(sent);
});

describe("whatever the broker and the process do", () => {
  test("records of one order are first published in their order, and all of them in the end", async () => {
    const fault = fc.constantFrom<"ok" | "unavailable" | "unknown" | "crash">(
      "ok",
      "unavailable",
      "unknown",
      "crash",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 20 }),
        fc.integer({ min: 1, max: 4 }),
        async (faults, keys) => {
          await store.close();
          store = await openOrderStore(undefined);
          nowMs = 0;
          const stage = createStage();
          await stage.start(12, {}, keys);
          for (const [index, name] of faults.entries()) {
            stage.failWith(({ headers }) => {
              const isHit = ((readLineage(headers)?.number ?? 0) + index) % 3 === 0;
              if (!isHit || name === "ok" || name === "crash") return undefined;
              return { kind: name, code: -185, message: "away" };
            });
            if (name === "crash") stage.crash();
            await stage.step();
          }
          stage.failWith(() => undefined);
          for (let steps = 0; steps < 30; steps += 1) await stage.step();
          const first = [...new Set(stage.numbers())];
          expect(first.length).toBe(12);
          for (let key = 0; key < keys; key += 1) {
            const own = first.filter((number) => ((number ?? 0) - 1) % keys === key);
            expect(own).toEqual(own.toSorted((left, right) => (left ?? 0) - (right ?? 0)));
          }
          await stage.settle();
          await stage.step();
          expect(settledCount(await stage.job())).toBe(12);
        },
      ),
      { numRuns: 40 },
    );
  });
});
