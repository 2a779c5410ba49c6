// What the replays' side of every store promises.
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { IndexedDeadLetter } from "../../store/dead-letter-index.ts";
import type { StorePlace } from "../../store/order-store-fixtures.ts";
import type { OrderStore } from "../../store/order-store.ts";
import { openInstances } from "../../store/store-instances.ts";
import { type ReplayJob, settledCount } from "../domain/replay.ts";
import type { NewReplayJob, ReplaySettlement } from "./replay-store.ts";

export function letterAt(dlqOffset: number, differences: Partial<IndexedDeadLetter> = {}): IndexedDeadLetter {
  const orderId = `ORD-${dlqOffset}`;
  return {
    id: `order-events/0/${dlqOffset}`,
    original: {
      topic: "order-events",
      partition: 0,
      offset: dlqOffset,
      timestampMs: 1_788_000_000_000,
      key: Buffer.from(orderId),
      value: Buffer.from([0, 0, 0, 0, 7, dlqOffset % 256]),
      headers: [],
    },
    omittedValue: null,
    omitted: [],
    consumerGroup: "order-service-group",
    errorType: "ValueError",
    errorMessage: `Order ${orderId} not found.`,
    death: { category: "NO_RETRY_DLQ", reason: "unknown_order" },
    event: { eventType: "Order", eventId: null, schemaId: 7, eventJson: `{"orderId":"${orderId}"}` },
    failedAttempts: 1,
    attempts: [],
    firstFailedAtMs: 1000,
    lastFailedAtMs: 1000,
    dlqTopic: "order-events-dlq",
    dlqPartition: 0,
    dlqOffset,
    ...differences,
  };
}

function newJob(id: string, differences: Partial<NewReplayJob> = {}): NewReplayJob {
  return {
    id,
    requestId: `request-${id}`,
    name: "after the fix",
    reason: "the catalog is back",
    actor: "somebody",
    ratePerSecond: 500,
    canary: null,
    autoStopShare: 0.5,
    auditId: 1,
    atMs: 5000,
    scope: { reason: "unknown_order" },
    ...differences,
  };
}

const everything = { kind: "filter", filter: {} } as const;
const owner = "instance-1";

export function describeReplayStore(name: string, createPlace: () => Promise<StorePlace>): void {
  describe(`replays in ${name}`, () => {
    const instances = openInstances(createPlace);
    const addLetters = (count: number) =>
      instances.store.deadLetters.add(Array.from({ length: count }, (_, index) => letterAt(index)));
    const start = (id: string, differences: Partial<NewReplayJob> = {}) =>
      instances.store.replays.create(newJob(id, differences), everything, ["open"]);
    const hold = () => instances.store.replays.lease(owner, 0, 10_000);
    const announce = (jobId: string, numbers: readonly number[]) =>
      instances.store.replays.announce(
        jobId,
        owner,
        numbers.map((number) => ({ number, bodyHash: `hash-${number}` })),
      );

    test("a job has exactly the letters that match and are open, in the order of their topic", async () => {
      await addLetters(5);
      const { replays, letterFates } = instances.store;
      await letterFates.move({ kind: "ids", ids: ["order-events/0/3"] }, ["open"], "discarded");
      const job = await start("one");
      expect(job).toMatchObject({ state: "running", total: 4, isReleased: false, name: "after the fix" });
      const items = await replays.listItems({ jobId: "one", afterNumber: 0, limit: 10 });
      expect(items.map(({ number, letterId }) => [number, letterId])).toEqual([
        [1, "order-events/0/0"],
        [2, "order-events/0/1"],
        [3, "order-events/0/2"],
        [4, "order-events/0/4"],
      ]);
      expect(await letterFates.countByState()).toMatchObject({ open: 0, replaying: 4, discarded: 1 });
      await instances.store.deadLetters.add([letterAt(9)]);
      expect((await replays.get("one"))?.total).toBe(4);
    });

    test("a scope of ids or of any filter finds what the list finds", async () => {
      await addLetters(4);
      const { letterFates, deadLetters } = instances.store;
      const [fate] = (await letterFates.of(["order-events/0/1"])).values();
      for (const filter of [
        { orderId: "ORD-2" },
        { text: "ord-1" },
        { topic: "order-events", fromMs: 1000, untilMs: 1001 },
        { reason: "unknown_order", state: "open" as const },
        { fingerprint: fate?.fingerprint ?? "" },
        { fromMs: 1001 },
      ]) {
        const listed = await deadLetters.list({ filter, limit: 100 });
        expect(await letterFates.count({ kind: "filter", filter })).toBe(listed.length);
      }
      const ids = ["order-events/0/2", "order-events/0/2", "nobody/0/1"];
      expect(await letterFates.count({ kind: "ids", ids })).toBe(1);
    });

    test("asked for twice it is one job, and a letter that is being replayed is in no other", async () => {
      await addLetters(3);
      const first = await start("one", { requestId: "click" });
      const second = await start("two", { requestId: "click" });
      expect(second).toEqual(first);
      expect(await start("three")).toMatchObject({ total: 0, state: "done", endedAtMs: 5000 });
      expect((await instances.store.replays.list({ limit: 10 })).map(({ id }) => id)).toEqual([
        "three",
        "one",
      ]);
    });

    test("two operators at once have each letter in one job", async () => {
      await addLetters(30);
      const jobs = await Promise.all([
        instances.store.replays.create(newJob("one"), everything, ["open"]),
        instances.neighbour.replays.create(newJob("two"), everything, ["open"]),
      ]);
      expect(jobs.reduce((sum, { total }) => sum + total, 0)).toBe(30);
    });

    describe("of very many letters", () => {
      const count = 23_000;
      /** On two DLQ topics; every third failed for another reason. */
      const addMany = () =>
        instances.store.deadLetters.add(
          Array.from({ length: count }, (_, index) =>
            letterAt(index, {
              dlqTopic: index % 2 === 0 ? "order-events-dlq" : "a-dlq",
              death: { category: "NO_RETRY_DLQ", reason: index % 3 === 0 ? "truncated" : "unknown_order" },
            }),
          ),
        );
      const lettersOf = async (jobId: string) => {
        const numbers: number[] = [];
        const ids: string[] = [];
        for (let afterNumber = 0; ;) {
          const page = await instances.store.replays.listItems({ jobId, afterNumber, limit: 1000 });
          const last = page.at(-1);
          if (last === undefined) return { numbers, ids };
          numbers.push(...page.map(({ number }) => number));
          ids.push(...page.map(({ letterId }) => letterId));
          afterNumber = last.number;
        }
      };
      const gatherAll = async (jobId: string) => {
        for (;;) {
          const job = await instances.neighbour.replays.gatherOn(jobId);
          if (job?.isGathering !== true) return job;
        }
      };

      test("a job is gathered piece by piece by whoever is there, and has what was there when it was started, once and in order", async () => {
        await addMany();
        const { store } = instances;
        const started = await start("one");
        expect(started).toMatchObject({ isGathering: true, state: "running" });
        expect(started.total).toBeLessThan(count);
        // The one that started it is gone; meanwhile more letters come, and nothing else can have what it has taken.
        await store.deadLetters.add([letterAt(count), letterAt(count + 1, { dlqTopic: "z-dlq" })]);
        const other = await store.replays.create(
          newJob("two"),
          { kind: "filter", filter: { orderId: "ORD-1" } },
          ["open"],
        );
        const job = await gatherAll("one");
        expect((job?.total ?? 0) + other.total).toBe(count);
        const { numbers, ids } = await lettersOf("one");
        expect(numbers).toEqual(numbers.map((_, index) => index + 1));
        const places = ids.map((letterId) => Number(letterId.slice("order-events/0/".length)));
        const inOrder = [...places.filter((at) => at % 2 === 1), ...places.filter((at) => at % 2 === 0)];
        expect(places).toEqual(inOrder);
        expect(new Set(places).size).toBe(places.length);
        expect(Math.max(...places)).toBe(count - 1);
        expect(await store.letterFates.countByState()).toMatchObject({ open: 2, replaying: count });
        expect(await gatherAll("one")).toEqual(job);
      }, 60_000);

      test("cancelled while it is gathered it takes nothing more, and everything is open again in the end", async () => {
        await addMany();
        const { store } = instances;
        const filter = { reason: "unknown_order" };
        const started = await store.replays.create(newJob("one"), { kind: "filter", filter }, ["open"]);
        expect(started.isGathering).toBe(true);
        expect(await store.replays.end("one", 1)).toBeUndefined();
        const cancelled = await store.replays.change("one", { kind: "cancel", atMs: 1 });
        expect(cancelled).toMatchObject({ state: "cancelled", isGathering: false });
        while ((await store.replays.skipUnsent("one", 1)) > 0);
        const job = await store.replays.get("one");
        expect(job?.counts.skipped).toBe(job?.total ?? -1);
        expect(await store.replays.end("one", 1)).toMatchObject({ state: "cancelled" });
        expect(await store.letterFates.countByState()).toMatchObject({ open: count, replaying: 0 });

        const all = await gatherAll(
          (await store.replays.create(newJob("two"), { kind: "filter", filter }, ["open"])).id,
        );
        expect(all?.total).toBe(Array.from({ length: count }).filter((_, index) => index % 3 !== 0).length);
        await store.replays.change("two", { kind: "cancel", atMs: 2 });
        expect(await store.replays.itemsToSend("two", 0, 10)).toEqual([]);
        expect(await instances.neighbour.replays.skipUnsent("two", 2)).toBeGreaterThan(0);
        expect(await store.replays.skipUnsent("two", 2)).toBe(0);
        expect(await store.replays.get("two")).toMatchObject({ counts: { skipped: all?.total } });
      }, 60_000);

      test("discarded and restored all of them are, exactly", async () => {
        await addMany();
        const { letterFates } = instances.store;
        expect(await letterFates.move(everything, ["open"], "discarded")).toBe(count);
        expect(await letterFates.move(everything, ["discarded"], "open")).toBe(count);
        expect(await letterFates.move(everything, ["discarded"], "open")).toBe(0);
      }, 60_000);
    });

    test("one instance holds a job, until its lease is over", async () => {
      await addLetters(1);
      await start("one");
      const { replays } = instances.store;
      const ids = async (name: string, nowMs: number) =>
        (await instances.neighbour.replays.lease(name, nowMs, nowMs + 100)).map(({ id }) => id);
      expect(await ids("first", 0)).toEqual(["one"]);
      expect(await ids("second", 100)).toEqual([]);
      expect(await ids("first", 100)).toEqual(["one"]);
      expect(await ids("second", 201)).toEqual(["one"]);
      expect(await replays.announce("one", "first", [{ number: 1, bodyHash: "h" }])).toEqual([]);
      expect(await replays.announce("one", "second", [{ number: 1, bodyHash: "h" }])).toEqual([1]);
      await replays.release("second");
      expect(await ids("first", 202)).toEqual(["one"]);
    });

    test("what is to be sent comes with its letter's exact bytes, again after a crash, until it has an outcome", async () => {
      await addLetters(3);
      await start("one");
      await hold();
      const { store } = instances;
      const { replays } = store;
      expect(await announce("one", [1, 2])).toEqual([1, 2]);
      const items = await replays.itemsToSend("one", 0, 10);
      expect(items.map(({ number, state }) => [number, state])).toEqual([
        [1, "sent"],
        [2, "sent"],
        [3, "pending"],
      ]);
      expect(items[1]?.original).toEqual(letterAt(1).original);
      await store.save(settling([settlement(1, "applied")]));
      expect((await replays.itemsToSend("one", 0, 10)).map(({ number }) => number)).toEqual([2, 3]);
      await instances.store.deadLetters.clear();
      expect((await replays.itemsToSend("one", 1, 1))[0]?.original).toBeNull();
    });

    test("an edited letter goes with its edit and the new event id, and is superseded when that had its effect", async () => {
      await instances.store.deadLetters.add([
        letterAt(0, {
          original: {
            ...letterAt(0).original,
            headers: [
              ["event-id", Buffer.from("old")],
              ["x", Buffer.from("y")],
            ],
          },
        }),
      ]);
      const edit = { value: Buffer.from([0, 255, 7]), eventId: "new" };
      await start("one", { edit });
      await hold();
      const { replays, letterFates } = instances.store;
      const [item] = await replays.itemsToSend("one", 0, 10);
      expect(item?.original).toEqual({
        ...letterAt(0).original,
        value: edit.value,
        headers: [
          ["x", Buffer.from("y")],
          ["event-id", Buffer.from("new")],
        ],
      });
      await announce("one", [1]);
      await instances.store.save(settling([settlement(1, "applied")]));
      expect(await letterFates.countByState()).toMatchObject({ superseded: 1, resolved: 0 });
    });

    test("an outcome is written once, with its effect or not at all", async () => {
      await addLetters(2);
      await start("one");
      await hold();
      await announce("one", [1]);
      const { store } = instances;
      const refused = await store.save({ ...settling([settlement(1, "applied"), settlement(2, "applied")]) });
      expect(refused).toEqual({ kind: "settled", items: [{ jobId: "one", number: 2 }] });
      expect((await store.replays.get("one"))?.counts.applied).toBe(0);
      expect(await store.save(settling([settlement(1, "applied")]))).toEqual({ kind: "saved" });
      expect(await store.save(settling([settlement(1, "failed")]))).toMatchObject({ kind: "settled" });
      expect((await store.replays.get("one"))?.counts).toMatchObject({ applied: 1, failed: 0 });
      expect(await store.letterFates.of(["order-events/0/0"])).toMatchObject(
        new Map([["order-events/0/0", { state: "resolved", replays: 1 }]]),
      );
      const found = await store.replays.announced([
        { jobId: "one", number: 1 },
        { jobId: "two", number: 1 },
      ]);
      expect([...found.values()]).toEqual([
        { jobId: "one", number: 1, letterId: "order-events/0/0", state: "applied", bodyHash: "hash-1" },
      ]);
    });

    test("a letter that keeps failing is put in quarantine, and is not taken again unless it is asked for", async () => {
      await addLetters(1);
      for (const id of ["one", "two"]) {
        await start(id);
        await hold();
        await announce(id, [1]);
        await instances.store.save(settling([{ ...settlement(1, "failed"), jobId: id, quarantineAfter: 2 }]));
        await instances.store.replays.end(id, 6000);
      }
      expect(await instances.store.letterFates.countByState()).toMatchObject({ quarantined: 1 });
      expect((await start("three")).total).toBe(0);
      const forced = await instances.store.replays.create(newJob("four"), everything, [
        "open",
        "quarantined",
      ]);
      expect(forced.total).toBe(1);
      const history = await instances.store.replays.itemsOfLetter("order-events/0/0");
      expect(history.map(({ jobId, state, failure }) => [jobId, state, failure?.reason])).toEqual([
        ["one", "failed", "unknown_order"],
        ["two", "failed", "unknown_order"],
        ["four", "pending", undefined],
      ]);
    });

    test("cancelled at any moment a job has each of its letters done or left, and says so exactly", async () => {
      const step = fc.constantFrom("announce", "settle", "pause", "resume", "cancel", "end", "skip");
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
          run += 1;
          const { store } = instances;
          const id = `job-${run}`;
          await store.letterFates.move(everything, ["resolved", "open", "quarantined", "replaying"], "open");
          if (run === 1) await addLetters(6);
          await start(id);
          let next = 1;
          for (const name of [...steps, "cancel"] as const) {
            await hold();
            if (name === "announce") next += (await announce(id, [next, next + 1])).length;
            if (name === "settle") {
              const sent = (await store.replays.itemsToSend(id, 0, 10)).filter(
                ({ state }) => state === "sent",
              );
              await store.save(
                settling(
                  sent.slice(0, 1).map(({ number, letterId }) => ({
                    ...settlement(number, "applied"),
                    jobId: id,
                    letterId,
                  })),
                ),
              );
            }
            if (name === "pause") await store.replays.change(id, { kind: "pause", cause: "operator" });
            if (name === "resume") await store.replays.change(id, { kind: "resume" });
            if (name === "cancel") await store.replays.change(id, { kind: "cancel", atMs: 7000 });
            if (name === "skip") {
              await store.replays.skip(
                id,
                [{ number: 6, failure: { reason: "r", errorType: "e", errorMessage: "m" } }],
                1,
              );
            }
            if (name === "end") await store.replays.end(id, 8000);
          }
          const sent = await store.replays.countSent(id);
          const job = await store.replays.get(id);
          if (job === undefined) throw new Error("the job has gone");
          expect(settledCount(job) + sent).toBe(6);
          const byState = await store.letterFates.countByState();
          expect(byState.replaying).toBe(sent);
          expect(byState.resolved).toBe(job.counts.applied);
          expect(byState.open).toBe(job.counts.skipped);
          expect((await store.replays.end(id, 8000)) === undefined).toBe(sent > 0 || job.endedAtMs !== null);
        }),
        { numRuns: 25 },
      );
    }, 30_000);

    test("a job that was resumed is judged by what comes after", async () => {
      await addLetters(2);
      await start("one", { canary: 1 });
      await hold();
      await announce("one", [1]);
      const { store } = instances;
      const { replays } = store;
      await store.save(settling([settlement(1, "failed")]));
      await replays.change("one", { kind: "pause", cause: "canary" });
      expect(await announce("one", [2])).toEqual([]);
      await replays.change("one", { kind: "rate", ratePerSecond: 7 });
      const resumed = await replays.change("one", { kind: "resume" });
      expect(resumed).toMatchObject({
        state: "running",
        isReleased: true,
        judgedFrom: 1,
        failedFrom: 1,
        ratePerSecond: 7,
      } satisfies Partial<ReplayJob>);
      expect(await replays.change("nobody", { kind: "resume" })).toBeUndefined();
    });

    test("the index made anew has lost nothing that was decided about its letters", async () => {
      await addLetters(4);
      const { store } = instances;
      const [fate] = (await store.letterFates.of(["order-events/0/0"])).values();
      const fingerprint = fate?.fingerprint ?? "";
      await store.letterFates.annotate(fingerprint, { note: "known \u0000", owner: "payments" });
      await store.letterFates.move({ kind: "ids", ids: ["order-events/0/3"] }, ["open"], "discarded");
      await store.replays.create(newJob("one"), { kind: "ids", ids: ["order-events/0/0"] }, ["open"]);
      await hold();
      await announce("one", [1]);
      await store.deadLetters.clear();
      await store.save(settling([settlement(1, "applied")]));
      await addLetters(4);
      expect(await store.letterFates.countByState()).toMatchObject({ open: 2, discarded: 1, resolved: 1 });
      expect((await store.letterFates.groups(5000))[0]).toMatchObject({
        note: "known \u0000",
        owner: "payments",
      });
    });

    test("the same event's later failure takes the place of the one before, and nothing else of it changes", async () => {
      await addLetters(2);
      const { deadLetters, letterFates } = instances.store;
      const again = letterAt(1, {
        errorMessage: "Duplicate order.",
        death: { category: "RETRY_THEN_DLQ", reason: "duplicate_create" },
        lastFailedAtMs: 9000,
        dlqOffset: 77,
        original: { ...letterAt(1).original, value: Buffer.from("forged") },
      });
      await deadLetters.add([again, letterAt(1)]);
      expect(await deadLetters.get(again.id)).toEqual({
        ...again,
        dlqOffset: 1,
        original: letterAt(1).original,
      });
      expect((await deadLetters.count()).map(({ category, letters }) => [category, letters])).toEqual([
        ["NO_RETRY_DLQ", 1],
        ["RETRY_THEN_DLQ", 1],
      ]);
      expect((await letterFates.groups(9000)).map(({ pattern }) => pattern).toSorted()).toEqual([
        "Duplicate order.",
        "Order <id> not found.",
      ]);
    });

    test("a job's timeline counts its outcomes, its failures and all that failed meanwhile, each in its step", async () => {
      await addLetters(4);
      const { replays, deadLetters } = instances.store;
      await start("one");
      await hold();
      await announce("one", [1, 2, 3, 4]);
      await instances.store.save(settling([settlement(1, "applied"), settlement(2, "failed")]));
      await instances.store.save(settling([{ ...settlement(3, "stale"), atMs: 8500 }]));
      await deadLetters.add([letterAt(7, { lastFailedAtMs: 7001 }), letterAt(8, { lastFailedAtMs: 99_000 })]);
      const steps = await replays.timeline({ jobId: "one", fromMs: 5000, stepMs: 1000, steps: 4 });
      expect(steps.toSorted((left, right) => left.step - right.step)).toEqual([
        { step: 1, settled: 2, failed: 1, newFailures: 0 },
        { step: 2, settled: 0, failed: 0, newFailures: 1 },
        { step: 3, settled: 1, failed: 0, newFailures: 0 },
      ]);
    });

    test("letters that failed alike are one group, which reopens by itself when it comes back", async () => {
      await addLetters(3);
      const { letterFates, deadLetters } = instances.store;
      const hourMs = 3_600_000;
      const [group] = await letterFates.groups(2000);
      expect(group).toMatchObject({
        pattern: "Order <id> not found.",
        errorType: "ValueError",
        reason: "unknown_order",
        counts: { open: 3 },
        total: 3,
        sampleId: "order-events/0/0",
        isIgnored: false,
      });
      expect(group?.hours).toEqual([...Array.from({ length: 23 }, () => 0), 3]);
      const fingerprint = group?.fingerprint ?? "";
      expect(await letterFates.annotate(fingerprint, { ignoredAtMs: 2000 })).toBe(true);
      expect(await letterFates.annotate("nobody", { note: "x" })).toBe(false);
      expect((await letterFates.groups(2000))[0]?.isIgnored).toBe(true);
      await deadLetters.add([letterAt(7, { lastFailedAtMs: hourMs + 5 })]);
      const [reopened] = await letterFates.groups(hourMs + 10);
      expect(reopened).toMatchObject({ isIgnored: false, total: 4, lastSeenAtMs: hourMs + 5 });
      expect(reopened?.hours.slice(-2)).toEqual([3, 1]);
    });
  });

  function settlement(number: number, outcome: ReplaySettlement["outcome"]): ReplaySettlement {
    return {
      jobId: "one",
      number,
      letterId: `order-events/0/${number - 1}`,
      outcome,
      failure:
        outcome === "failed"
          ? { reason: "unknown_order", errorType: "ValueError", errorMessage: "gone" }
          : null,
      atMs: 6000,
      quarantineAfter: 5,
    };
  }
}

function settling(settle: readonly ReplaySettlement[]): Parameters<OrderStore["save"]>[0] {
  return { progress: [], changes: [], park: [], repark: [], unpark: [], settle };
}
