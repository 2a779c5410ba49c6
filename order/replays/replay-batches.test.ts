// Replays through the worker's own way into a real store, in memory: whatever is delivered again, in whatever batches, each
// letter has one effect and one outcome, and what this service did not order has none.
import { afterEach, beforeEach, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { OriginalRecord } from "../domain/dead-letter.ts";
import type { OrderEvent } from "../domain/order.ts";
import { retryPolicies } from "../domain/verdict.ts";
import { openOrderStore } from "../store/open-order-store.ts";
import type { OrderStore } from "../store/order-store.ts";
import { createAssignedPartition } from "../worker/partition.ts";
import type { WorkItem } from "../worker/work-item.ts";
import { writeBatch } from "../worker/write-batch.ts";
import { bodyHash } from "./domain/body-hash.ts";
import { lineageHeaders } from "./domain/lineage.ts";
import { settledCount } from "./domain/replay.ts";
import { createReplayDesk } from "./replay-desk.ts";
import { letterAt } from "./store/replay-store.spec.ts";

const topic = "replays";
const source = `${topic}/0@life`;
const owner = "instance";
const orderId = "ORD-1";
const policies = retryPolicies({ maxRetries: 0, backoffMs: 1, maxBackoffMs: 1 });

let store: OrderStore;
beforeEach(async () => {
  store = await openOrderStore(undefined);
});
afterEach(() => store.close());

/** The event of each letter: the first creates the order, the others update it. */
function eventOf(letter: number): OrderEvent {
  if (letter > 0) return { kind: "status", eventType: "OrderEvent", orderId, status: `status-${letter}` };
  return {
    kind: "create",
    eventType: "OrderEvent",
    orderId,
    customerId: "CUST-1",
    orderDate: "2026-01-02T03:04:05.678Z",
    items: [{ itemId: "TEA", quantity: 1, priceCents: 895 }],
    totalCents: 895,
    currency: "USD",
    status: "new",
  };
}

function letterOf(offset: number) {
  const { original, ...letter } = letterAt(offset);
  return { ...letter, original: { ...original, key: Buffer.from(orderId) } };
}

async function announceAll(jobId: string, count: number): Promise<void> {
  await store.deadLetters.add(Array.from({ length: count }, (_, offset) => letterOf(offset)));
  const scope = { kind: "filter", filter: {} } as const;
  const job = {
    id: jobId,
    requestId: jobId,
    name: "",
    reason: "",
    actor: "",
    ratePerSecond: 1,
    canary: null,
    autoStopShare: 1,
    auditId: 1,
    atMs: 0,
    scope: {},
  };
  await store.replays.create(job, scope, ["open"]);
  await store.replays.lease(owner, 0, 1);
  const items = await store.replays.itemsToSend(jobId, 0, 100);
  await store.replays.announce(
    jobId,
    owner,
    items.flatMap(({ number, original }) =>
      original === null ? [] : [{ number, bodyHash: bodyHash(original) }],
    ),
  );
}

function replayRecord(jobId: string, letter: number, offset: number): OriginalRecord {
  const { id, original } = letterOf(letter);
  const { topic: from, partition, timestampMs } = original;
  const lineage = {
    letterId: id,
    jobId,
    number: letter + 1,
    topic: from,
    partition,
    offset: letter,
    timestampMs,
  };
  const headers = [...original.headers, ...lineageHeaders(lineage)];
  return { ...original, topic, partition: 0, offset, headers };
}

const desk = () =>
  createReplayDesk({
    store: store.replays,
    topic,
    quarantineAfter: 5,
    sourceOf: ({ topic: name, partition }) => `${name}/${partition}@life`,
    groupOf: (name) => (name === "order-events" ? "order-service-group" : undefined),
  });

async function deliver(records: readonly (readonly [OriginalRecord, OrderEvent])[]) {
  const [claim] = await store.claim([source]);
  const partition = {
    ...createAssignedPartition({ topic, partition: 0 }, "group-replays", source),
    epoch: claim?.epoch ?? 0,
  };
  const items = records.map(([record, event]): WorkItem => ({
    partition,
    record,
    reading: { kind: "event", event, eventId: null, decoded: null },
    lane: event.orderId,
    delivery: { offset: record.offset, settled: false, partition },
    parked: null,
    deathOrdered: false,
  }));
  return writeBatch(items, {
    store,
    replays: desk(),
    policies,
    nowMs: 1000,
    isHeld: () => false,
    failureOf: () => undefined,
    accept: () => true,
  });
}

test("however often and in whatever batches replays are delivered, each letter has one effect and one outcome", async () => {
  const delivery = fc.array(fc.array(fc.nat(4), { minLength: 1, maxLength: 6 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(delivery, async (batches) => {
      await store.close();
      store = await openOrderStore(undefined);
      await announceAll("job", 5);
      let offset = 0;
      for (const batch of batches) {
        const records = batch.map(
          (letter) => [replayRecord("job", letter, offset++), eventOf(letter)] as const,
        );
        expect(await deliver(records)).toMatchObject({ kind: "written" });
      }
      const delivered = new Set(batches.flat());
      const job = await store.replays.get("job");
      if (job === undefined) throw new Error("the job has gone");
      expect(settledCount(job)).toBe(delivered.size);
      const order = await store.readDetails(orderId);
      // A witness that no unique key can hide: an order counts what was applied to it.
      expect(order?.version ?? 0).toBe(job.counts.applied);
      const states = await store.letterFates.countByState();
      expect(states.replaying).toBe(5 - delivered.size);
      expect(states.resolved).toBe(job.counts.applied + job.counts.stale);
      expect(states.open).toBe(job.counts.failed);
    }),
    { numRuns: 60 },
  );
});

test("a replay that nobody ordered, or with other bytes, is a dead letter of its own and changes nothing", async () => {
  await announceAll("job", 2);
  const good = replayRecord("job", 0, 0);
  const forgeries: OriginalRecord[] = [
    { ...good, headers: [] },
    replayRecord("another job", 0, 0),
    { ...good, value: Buffer.from("other bytes") },
    { ...good, headers: replayRecord("job", 1, 0).headers },
    {
      ...good,
      headers: [["event-id", Buffer.from("0190163d-8694-739b-aea5-966c26f8ad91")], ...good.headers],
    },
  ];
  const written = await deliver(
    forgeries.map((record, offset) => [{ ...record, offset }, eventOf(0)] as const),
  );
  if (written.kind !== "written") throw new Error("not written");
  expect(written.plan.park.map(({ state, death }) => [state, death?.reason])).toEqual(
    forgeries.map(() => ["dead", "forged_replay"]),
  );
  expect(await store.count()).toBe(0);
  expect((await store.replays.get("job"))?.counts).toMatchObject({ applied: 0, failed: 0 });
  const [parked] = written.plan.park;
  if (parked !== undefined) expect(desk().toDeadLetter(parked)).toEqual(parked);
});

test("a replay that fails again becomes its original's dead letter, of the group that failed", async () => {
  await announceAll("job", 2);
  const written = await deliver([[replayRecord("job", 1, 0), eventOf(1)]]);
  if (written.kind !== "written") throw new Error("not written");
  const [parked] = written.plan.park;
  if (parked === undefined) throw new Error("nothing is parked");
  expect(desk().toDeadLetter(parked)).toMatchObject({
    original: letterOf(1).original,
    groupId: "order-service-group",
    replayOf: { letterId: "order-events/0/1", jobId: "job", number: 2 },
  });
  const [item] = await store.replays.listItems({ jobId: "job", state: "failed", afterNumber: 0, limit: 9 });
  expect(item).toMatchObject({ number: 2, failure: { reason: "unknown_order" } });
});
