import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { createOffsetTracker, type Delivery } from "./offset-tracker.ts";

test("nothing is committed before the first delivery is settled", () => {
  const tracker = createOffsetTracker<Delivery>();
  const [first, second] = [
    { offset: 5, settled: false },
    { offset: 6, settled: false },
  ];
  tracker.deliver(first);
  tracker.deliver(second);
  second.settled = true;
  expect(tracker.nextOffset()).toBeUndefined();
  first.settled = true;
  expect(tracker.nextOffset()).toBe(7);
});

test("the next offset never passes an unsettled record, with any gaps and any order of settling", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 60 }),
      fc.array(fc.nat(), { maxLength: 120 }),
      (gaps, picks) => {
        const tracker = createOffsetTracker<Delivery>();
        let offset = 0;
        const deliveries = gaps.map((gap) => ({ offset: (offset += gap), settled: false }));
        let delivered = 0;
        for (const pick of picks) {
          const next = deliveries[delivered];
          if (pick % 2 === 0 && next !== undefined) {
            tracker.deliver(next);
            delivered += 1;
          } else if (delivered > 0) {
            const settled = deliveries[pick % delivered];
            if (settled !== undefined) settled.settled = true;
          }
          const given = deliveries.slice(0, delivered);
          const firstOpen = given.findIndex((delivery) => !delivery.settled);
          const prefix = firstOpen === -1 ? given : given.slice(0, firstOpen);
          const last = prefix.at(-1);
          expect(tracker.nextOffset()).toBe(last === undefined ? undefined : last.offset + 1);
          expect(tracker.unsettled).toBe(delivered - prefix.length);
        }
      },
    ),
  );
});

test("a long run of deliveries keeps only what is not settled", () => {
  const tracker = createOffsetTracker<Delivery>();
  for (let offset = 0; offset < 100_000; offset += 1) {
    const delivery = { offset, settled: false };
    tracker.deliver(delivery);
    delivery.settled = true;
    expect(tracker.nextOffset()).toBe(offset + 1);
  }
  expect(tracker.unsettled).toBe(0);
});

test("after a skip the prefix goes on from there, and what was delivered beyond it still counts", () => {
  const tracker = createOffsetTracker<Delivery>();
  const [before, inGap, beyond] = [5, 11, 20].map((offset) => ({ offset, settled: offset === 5 }));
  if (before === undefined || inGap === undefined || beyond === undefined)
    throw new Error("three deliveries");
  for (const delivery of [before, inGap, beyond]) tracker.deliver(delivery);
  tracker.skipTo(20);
  expect(tracker.nextOffset()).toBe(20);
  expect(tracker.unsettled).toBe(1);
  beyond.settled = true;
  expect(tracker.nextOffset()).toBe(21);
  tracker.skipTo(12);
  expect(tracker.nextOffset()).toBe(21);
});
