// Two instances that handle an order's placing, its two decisions and its deadline at any moment, each with an outbox that
// it publishes at any moment, against what the order must come to.
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { StoreInstances } from "../../store/store-instances.ts";
import { outcomeOf } from "../domain/outcome.ts";
import { decision, original, placement, windowMs } from "../domain/saga-fixtures.ts";
import type { Answer, Counted, Decision, Saga, SagaEffect, Side, Transition } from "../domain/saga.ts";
import { decide, expire, placeOrder } from "../domain/transitions.ts";
import { message } from "./saga-store-fixtures.ts";
import type { OutgoingMessage, SagaRecord, SagaStats, SagaStore, SagaWrite } from "./saga-store.ts";

/** What an instance has to do: one transition of one order. */
interface Task {
  readonly orderId: number;
  /** Undefined when there is nothing to it. */
  readonly apply: (saga: Saga | undefined) => Transition | undefined;
}

function toMessage(saga: Saga, effect: SagaEffect): readonly OutgoingMessage[] {
  switch (effect.kind) {
    case "announce":
      return [message(saga.orderId, "NEW")];
    case "result":
      return [message(saga.orderId, `${saga.status} ${saga.source}`)];
    case "dead-letter":
      return [{ ...message(saga.orderId, effect.reason), topic: "recovererDLQ" }];
    case "counted":
      return [];
  }
}

/** An instance in small: takes tasks two at a time, loads, decides, saves, and decides again after a conflict. */
function createInstance(store: SagaStore, outbox: string, topicLog: OutgoingMessage[]) {
  const waiting: Task[] = [];
  let open: Task[] = [];
  let write: SagaWrite | undefined;

  async function plan(): Promise<void> {
    const before = await store.load(open.map(({ orderId }) => orderId));
    const after = new Map(before);
    const messages: OutgoingMessage[] = [];
    const counted: Partial<Record<Counted, number>> = {};
    for (const { orderId, apply } of open) {
      const transition = apply(after.get(orderId));
      if (transition === undefined) continue;
      const { saga, effects } = transition;
      after.set(orderId, saga);
      messages.push(...effects.flatMap((effect) => toMessage(saga, effect)));
      for (const effect of effects) {
        if (effect.kind === "counted") counted[effect.what] = (counted[effect.what] ?? 0) + 1;
      }
    }
    const changes: SagaRecord[] = [...after.values()]
      .filter((saga) => saga !== before.get(saga.orderId))
      .map((saga) => ({ saga, expectedVersion: before.get(saga.orderId)?.version ?? 0 }));
    write = { progress: [], changes, messages, outbox, counted };
  }

  async function save(planned: SagaWrite): Promise<void> {
    write = undefined;
    if ((await store.save(planned)).kind === "saved") open = [];
  }

  return {
    waiting,
    get busy(): boolean {
      return open.length > 0 || waiting.length > 0;
    },
    async step(): Promise<void> {
      if (open.length === 0) open = waiting.splice(0, 2);
      if (open.length > 0) await (write === undefined ? plan() : save(write));
    },
    /** Publishes at most `limit` messages; the log is what readers of the topics see. */
    async publish(limit: number): Promise<void> {
      const state = await store.leaseOutbox(outbox, outbox, 0, 1);
      if (state === "leased by another") throw new Error("nobody else publishes it");
      const rows = await store.readOutbox(outbox, state.publishedSeq, limit);
      const last = rows.at(-1);
      if (last === undefined) return;
      expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => state.publishedSeq + 1 + index));
      topicLog.push(...rows);
      await store.settleOutbox(outbox, last.seq, {});
    },
  };
}

const turns = ["left", "right", "both", "left publishes", "right publishes"] as const;
const orders = 3;

export function describeSagaInterleavings(instances: StoreInstances): void {
  const answer = fc.constantFrom<Answer>("ACCEPT", "REJECT");
  const anyTask = fc.record({
    order: fc.nat(orders - 1),
    what: fc.constantFrom("place", "expire", "payment", "payment", "stock", "stock"),
    answer,
    eventTimeMs: fc.constantFrom(0, windowMs, windowMs + 1),
    byLeft: fc.boolean(),
  });

  test("whoever handles an order's parts, and whenever: one NEW, then one result, and totals that agree", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyTask, { maxLength: 14 }),
        fc.array(answer, { minLength: 2 * orders, maxLength: 2 * orders }),
        fc.array(fc.constantFrom(...turns), { maxLength: 40 }),
        async (tasks, answers, schedule) => {
          const sagas = instances.store.sagas;
          const base = run * orders + 1;
          run += 1;
          const log: OutgoingMessage[] = [];
          const before = await sagas.stats();
          const left = createInstance(sagas, `left-${run}`, log);
          const right = createInstance(instances.neighbour.sagas, `right-${run}`, log);
          tasks.forEach(({ order, what, byLeft, ...parts }, index) => {
            (byLeft ? left : right).waiting.push(
              toTask(base + order, what, { ...parts, original: original(index) }),
            );
          });
          for (const turn of schedule) await take(turn, left, right);

          // The end of every story: all is handled, what is missing comes, and one side of each order is replayed.
          const orderIds = Array.from({ length: orders }, (_, index) => base + index);
          orderIds.forEach((orderId, index) => {
            const at = (side: 0 | 1) => ({ answer: answers[2 * index + side] ?? "ACCEPT" });
            left.waiting.push(toTask(orderId, "place", {}), toTask(orderId, "payment", at(0)));
            right.waiting.push(toTask(orderId, "stock", at(1)));
          });
          await finish(left, right);
          const sides = await sagas.load(orderIds);
          for (const [orderId, { payment }] of sides) {
            const replay = { answer: payment?.answer ?? "ACCEPT", replayOf: "letter" };
            right.waiting.push(toTask(orderId, "payment", replay));
          }
          await finish(left, right);

          const stored = await sagas.load(orderIds);
          for (const orderId of orderIds) {
            const saga = stored.get(orderId);
            if (saga?.payment === null || saga?.stock === null || saga === undefined)
              throw new Error("not complete");
            expect({ status: saga.status, source: saga.source }).toEqual(outcomeOf(saga.payment, saga.stock));
            const published = log.filter(
              (message) => message.topic === "orders" && message.orderId === orderId,
            );
            expect(published.map(({ value }) => String(value))).toEqual([
              "NEW",
              `${saga.status} ${saga.source}`,
            ]);
          }
          expect(await sagas.stats()).toEqual(plus(before, [...stored.values()], log));
        },
      ),
      { numRuns: 60 },
    );
  });
}

function toTask(orderId: number, what: string, parts: Partial<Decision>): Task {
  switch (what) {
    case "place":
      return { orderId, apply: (saga) => placeOrder(saga, placement(orderId), 0, windowMs) };
    case "expire":
      return { orderId, apply: (saga) => (saga === undefined ? undefined : expire(saga, 1e9)) };
    default: {
      const side: Side = what === "payment" ? "payment" : "stock";
      return { orderId, apply: (saga) => decide(saga, decision({ orderId, side, ...parts }), 0, windowMs) };
    }
  }
}

type Instance = ReturnType<typeof createInstance>;

async function take(turn: (typeof turns)[number], left: Instance, right: Instance): Promise<void> {
  switch (turn) {
    case "left":
      return left.step();
    case "right":
      return right.step();
    case "both":
      await Promise.all([left.step(), right.step()]);
      return;
    case "left publishes":
      return left.publish(2);
    case "right publishes":
      await Promise.all([right.publish(3), left.step()]);
  }
}

/** Bounded, so that a store which loses writes fails here instead of never ending. */
async function finish(left: Instance, right: Instance): Promise<void> {
  for (let steps = 0; steps < 300 && (left.busy || right.busy); steps++) {
    await Promise.all([left.step(), right.step()]);
  }
  expect([left.busy, right.busy]).toEqual([false, false]);
  await right.publish(1000);
  await left.publish(1000);
  await right.publish(1000);
}

/** The totals after these sagas were added, told from the sagas and from what was published. */
function plus(before: SagaStats, sagas: readonly Saga[], log: readonly OutgoingMessage[]): SagaStats {
  const orders = { ...before.orders };
  const decisions = { ...before.decisions };
  for (const { status, payment, stock } of sagas) {
    orders[status] += 1;
    for (const kept of [payment, stock]) if (kept !== null) decisions[kept.state] += 1;
  }
  const letters = (...reasons: readonly string[]) =>
    log.filter(({ topic, value }) => topic !== "orders" && reasons.includes(String(value))).length;
  const events = (kind: string) =>
    sagas.flatMap(({ history }) => history).filter((event) => event.kind === kind).length;
  const { counted } = before;
  return {
    ...before,
    orders,
    decisions,
    counted: {
      joined: counted.joined + sagas.length,
      early: counted.early + sagas.reduce((sum, saga) => sum + earlyOf(saga), 0),
      duplicate: counted.duplicate + events("duplicate"),
      contradictory: counted.contradictory + letters("contradictory_decision"),
      late: counted.late + letters("outside_window"),
      expired: counted.expired + letters("partner_missing", "unknown_order"),
      replayed: counted.replayed + events("replayed"),
    },
  };
}

/** First decisions that stand before the order on the time line. */
function earlyOf({ history }: Saga): number {
  const placedAt = history.findIndex(({ kind }) => kind === "placed");
  return history.filter(({ kind }, index) => index < placedAt && (kind === "decided" || kind === "late"))
    .length;
}
