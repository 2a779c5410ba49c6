import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Told } from "../../contract/streams.ts";
import { createEventRing, type EventRing, type Missed } from "./event-ring.ts";

type Event = number | Missed;

/** The next `count` events of a reader that takes up where it was. */
async function take(ring: EventRing<number>, count: number, lastEventId?: string): Promise<Told<Event>[]> {
  const told: Told<Event>[] = [];
  const abort = new AbortController();
  if (count === 0) return told;
  for await (const next of ring.read({ lastEventId, signal: abort.signal })) {
    told.push(next);
    if (told.length === count) break;
  }
  return told;
}

/** What is there for a reader now. */
async function takeAll(ring: EventRing<number>, lastEventId: string): Promise<Told<Event>[]> {
  const told: Told<Event>[] = [];
  const abort = new AbortController();
  const events = ring.read({ lastEventId, signal: abort.signal });
  for (;;) {
    const next = await Promise.race([events.next(), Bun.sleep(0).then(() => Bun.sleep(0))]);
    if (next === undefined || next.done === true) break;
    told.push(next.value);
  }
  abort.abort();
  return told;
}

function isMissed(event: Event): event is Missed {
  return typeof event !== "number";
}

describe("a ring of events", () => {
  test("tells a reader what comes, in order, each with an id of its own", async () => {
    const ring = createEventRing<number>({ capacity: 4, life: "a" });
    ring.push(0);
    const coming = take(ring, 2);
    await Bun.sleep(0);
    ring.push(1);
    ring.push(2);
    expect(await coming).toEqual([
      { id: "a.1", event: 1 },
      { id: "a.2", event: 2 },
    ]);
  });

  test("tells who comes back every later event once, however often it comes back", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(6), { minLength: 1, maxLength: 30 }), async (bursts) => {
        const ring = createEventRing<number>({ capacity: 8, life: "a" });
        let pushed = 0;
        let last = ring.lastId;
        const seen: number[] = [];
        for (const burst of bursts) {
          for (let left = burst; left > 0; left -= 1) ring.push(pushed++);
          for (const { id, event } of await takeAll(ring, last)) {
            last = id;
            expect(isMissed(event)).toBe(false);
            if (!isMissed(event)) seen.push(event);
          }
        }
        expect(seen).toEqual(Array.from({ length: pushed }, (_, index) => index));
      }),
      { numRuns: 60 },
    );
  });

  test("tells who was away for too long exactly how many are gone, and then all that are left", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(40), fc.integer({ min: 1, max: 10 }), async (count, capacity) => {
        const ring = createEventRing<number>({ capacity, life: "a" });
        const last = ring.lastId;
        for (let number = 0; number < count; number += 1) ring.push(number);
        const told = await takeAll(ring, last);
        const missed = told.flatMap(({ event }) => (isMissed(event) ? [event.count ?? -1] : []));
        const seen = told.flatMap(({ event }) => (isMissed(event) ? [] : [event]));
        const gone = Math.max(0, count - capacity);
        expect(missed).toEqual(gone === 0 ? [] : [gone]);
        expect(seen).toEqual(Array.from({ length: count - gone }, (_, index) => gone + index));
      }),
      { numRuns: 60 },
    );
  });

  test("what has left the ring is kept by nobody, also not for a reader that never reads; it learns what it has missed", async () => {
    const ring = createEventRing<object>({ capacity: 16, life: "a" });
    const events = ring.read({ lastEventId: ring.lastId, signal: new AbortController().signal });
    ring.push({});
    expect((await events.next()).value).toMatchObject({ id: "a.0" });
    const pushed: WeakRef<object>[] = [];
    for (let number = 1; number <= 10_000; number += 1) {
      const event = { number };
      pushed.push(new WeakRef(event));
      ring.push(event);
    }
    // A weak reference holds until the turn is over.
    await Bun.sleep(1);
    Bun.gc(true);
    const alive = pushed.filter((reference) => reference.deref() !== undefined).length;
    expect(alive).toBeLessThan(1000);
    expect((await events.next()).value).toMatchObject({ event: { kind: "missed", count: 9984 } });
    expect((await events.next()).value).toMatchObject({ event: { number: 9985 } });
    await events.return();
  });

  test("an id of another life, or of no life, is told that nobody knows what is gone", async () => {
    const ring = createEventRing<number>({ capacity: 4, life: "b" });
    ring.push(0);
    for (const id of ["a.0", "b.7", "b.", "b.x", "", ".", "b.00000000000000000001"]) {
      const coming = take(ring, 2, id);
      await Bun.sleep(0);
      ring.push(1);
      const [first, second] = await coming;
      expect(first?.event).toEqual({ kind: "missed", count: null });
      expect(second?.event).toBe(1);
    }
  });

  test("ends its readers when it is closed, and keeps none that has gone", async () => {
    const ring = createEventRing<number>({ capacity: 4, life: "a" });
    const abort = new AbortController();
    const gone = ring.read({ lastEventId: undefined, signal: abort.signal }).next();
    const staying = ring.read({ lastEventId: undefined, signal: new AbortController().signal }).next();
    await Bun.sleep(0);
    expect(ring.readers).toBe(2);
    abort.abort();
    expect(await gone).toEqual({ done: true, value: undefined });
    expect(ring.readers).toBe(1);
    ring.close();
    expect(await staying).toEqual({ done: true, value: undefined });
    expect(ring.readers).toBe(0);
  });
});
