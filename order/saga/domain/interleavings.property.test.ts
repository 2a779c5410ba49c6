// Whatever arrives in whatever order: one result at most, and for every decision exactly one end.
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { outcomeOf } from "./outcome.ts";
import {
  arrive,
  decision,
  original,
  run,
  type Step,
  tell,
  type TimedStep,
  windowMs,
} from "./saga-fixtures.ts";
import type { Answer, Decision, Saga, SagaEffect, Side } from "./saga.ts";
import { maxSagaEvents } from "./time-line.ts";

const side = fc.constantFrom<Side>("payment", "stock");
const answer = fc.constantFrom<Answer>("ACCEPT", "REJECT");

/** Event times that lie within the window of one another, at its edge, and far outside. */
const eventTimeMs = fc.constantFrom(0, 1, windowMs, windowMs + 1, 60_000, -5);

const anyDecision = fc.record({
  side,
  answer,
  source: fc.constantFrom(null, "PAYMENT", "INVENTORY", "elsewhere"),
  eventTimeMs,
  replayOf: fc.oneof(
    { weight: 3, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constant("letter") },
  ),
});

const anyKind = fc.oneof(
  { weight: 1, arbitrary: fc.constant("place" as const) },
  { weight: 2, arbitrary: fc.constant("expire" as const) },
  { weight: 5, arbitrary: anyDecision },
);

/** Steps in time order; each decision is a record of its own, told by its offset. */
function storyOf(
  kinds: fc.Arbitrary<readonly (readonly ["place" | "expire" | Partial<Decision>, number])[]>,
) {
  return kinds.map((steps) => {
    let atMs = 0;
    return steps.map(([kind, waitMs], offset): TimedStep => {
      atMs += waitMs;
      return { atMs, step: toStep(kind, offset) };
    });
  });
}

function toStep(kind: "place" | "expire" | Partial<Decision>, offset: number): Step {
  if (kind === "place" || kind === "expire") return { kind };
  return { kind: "decide", decision: decision({ ...kind, original: original(offset) }) };
}

const waitMs = fc.constantFrom(0, 1, windowMs - 1, windowMs);
const anyStory = storyOf(fc.array(fc.tuple(anyKind, waitMs), { minLength: 1, maxLength: 14 }));

/** The first answer of a side, which is the one that counts. */
function firstOf(steps: readonly TimedStep[], side: Side): Decision | undefined {
  return steps.flatMap(({ step }) =>
    step.kind === "decide" && step.decision.side === side ? [step.decision] : [],
  )[0];
}

const isResult = (effect: SagaEffect) => effect.kind === "result";

test("an order has one NEW and one result at most, NEW first, and keeps its result for ever", () => {
  fc.assert(
    fc.property(anyStory, (steps) => {
      let saga: Saga | undefined;
      const published: string[] = [];
      for (const step of steps) {
        const before = saga;
        const story = run([step], before);
        saga = story.saga;
        published.push(
          ...story.effects.flatMap(({ kind }) => (kind === "announce" || kind === "result" ? [kind] : [])),
        );
        if (before !== undefined && before.status !== "NEW") {
          expect(saga).toMatchObject({
            status: before.status,
            source: before.source,
            settledAtMs: before.settledAtMs,
          });
        }
        expect((saga?.status ?? "NEW") !== "NEW").toBe(published.includes("result"));
        expect(saga?.version ?? 0).toBe((before?.version ?? 0) + (saga === before ? 0 : 1));
        expect(saga?.history.length ?? 0).toBeLessThanOrEqual(maxSagaEvents);
      }
      expect([[], ["announce"], ["announce", "result"]]).toContainEqual(published);
    }),
    { numRuns: 2000 },
  );
});

test("every decision has one end: joined, a duplicate, one dead letter, or waiting with a deadline", () => {
  fc.assert(
    fc.property(anyStory, (steps) => {
      const { saga, effects, perStep } = run(steps);
      const letters = effects.flatMap((effect) =>
        effect.kind === "dead-letter" ? [effect.original.offset] : [],
      );
      const kept = [saga?.payment ?? null, saga?.stock ?? null].filter((half) => half !== null);
      for (const { state, original, deadlineAtMs } of kept) {
        // What a dead letter needs is there exactly as long as there may be one.
        expect([original !== null, deadlineAtMs !== null]).toEqual([
          state === "pending",
          state === "pending",
        ]);
      }
      const waiting = kept.flatMap(({ original }) => (original === null ? [] : [original.offset]));
      const open = kept.flatMap(({ deadlineAtMs }) => (deadlineAtMs === null ? [] : [deadlineAtMs]));
      expect(saga?.deadlineAtMs ?? null).toBe(open.length === 0 ? null : Math.min(...open));

      steps.forEach(({ step }, index) => {
        if (step.kind !== "decide") return;
        const ends = [
          ...letters.filter((offset) => offset === index),
          ...waiting.filter((offset) => offset === index),
          ...(perStep[index]?.filter((effect) => effect.kind === "counted" && effect.what === "duplicate") ??
            []),
        ];
        expect(ends.length).toBeLessThanOrEqual(1);
        // A forged replay of a decision that waits becomes one with it.
        const replayed = step.decision.replayOf !== null;
        if (ends.length === 0 && !replayed) expect(saga?.[step.decision.side]?.state).toBe("joined");
      });
    }),
    { numRuns: 2000 },
  );
});

test("what is counted is what has happened", () => {
  fc.assert(
    fc.property(anyStory, (steps) => {
      const { saga, effects } = run(steps);
      const count = (what: string) =>
        effects.filter((effect) => effect.kind === "counted" && effect.what === what).length;
      const letters = (reason: string) =>
        effects.filter((effect) => effect.kind === "dead-letter" && effect.reason === reason).length;
      expect(count("joined")).toBe(saga?.status === "NEW" || saga === undefined ? 0 : 1);
      expect(count("late")).toBe(letters("outside_window"));
      expect(count("contradictory")).toBe(letters("contradictory_decision"));
      expect(count("expired")).toBe(letters("partner_missing") + letters("unknown_order"));
    }),
    { numRuns: 1000 },
  );
});

test("within the window every order of arrival ends alike, whatever is sent again or contradicts", () => {
  const inWindow = fc.record({
    side,
    answer,
    source: fc.constantFrom(null, "S"),
    eventTimeMs: fc.nat(windowMs),
  });
  const kind = fc.oneof(fc.constant("place" as const), inWindow);
  fc.assert(
    fc.property(storyOf(fc.array(fc.tuple(kind, fc.nat(100)), { maxLength: 12 })), (steps) => {
      const payment = firstOf(steps, "payment");
      const stock = firstOf(steps, "stock");
      const placed = steps.some(({ step }) => step.kind === "place");
      const { saga } = run(steps);
      const settled = payment !== undefined && stock !== undefined && placed;
      expect({ status: saga?.status ?? "NEW", source: saga?.source ?? null }).toEqual(
        settled ? outcomeOf(payment, stock) : { status: "NEW", source: null },
      );
    }),
    { numRuns: 2000 },
  );
});

test("from wherever it is, an order is settled by its first decisions when what is missing comes and one is replayed", () => {
  fc.assert(
    fc.property(anyStory, anyDecision, anyDecision, (steps, payment, stock) => {
      const endMs = (steps.at(-1)?.atMs ?? 0) + 1;
      const completed: readonly TimedStep[] = [
        ...steps,
        { atMs: endMs, step: { kind: "place" } },
        arrive(endMs, { ...payment, side: "payment" }),
        arrive(endMs, { ...stock, side: "stock" }),
        { atMs: endMs + windowMs, step: { kind: "expire" } },
      ];
      const { saga, effects } = tell(completed);
      const [firstPayment, firstStock] = [firstOf(completed, "payment"), firstOf(completed, "stock")];
      if (firstPayment === undefined || firstStock === undefined) throw new Error("it is complete");
      const outcome = outcomeOf(firstPayment, firstStock);
      for (const { side, answer } of [firstPayment, firstStock]) {
        const replayed = run([arrive(endMs + 99_999, { side, answer, replayOf: "letter" })], saga);
        expect(replayed.saga).toMatchObject({
          ...outcome,
          payment: { state: "joined" },
          stock: { state: "joined" },
        });
        expect([...effects, ...replayed.effects].filter(isResult)).toHaveLength(1);
      }
    }),
    { numRuns: 2000 },
  );
});
