import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Breaker, createBreaker, type Observation } from "./breaker.ts";

const success: Observation = { kind: "success" };
const undecodable: Observation = { kind: "undecodable" };
const failure = (key: string, cause = "boom"): Observation => ({ kind: "failure", cause, key });

function open(nowMs = 0): Breaker {
  const breaker = createBreaker();
  for (let key = 0; key < 20; key += 1) breaker.observe(failure(`ORD-${key}`), nowMs);
  return breaker;
}

const anyObservation: fc.Arbitrary<Observation> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(success) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.nat(30), fc.constantFrom("boom", "bang"))
      .map(([key, cause]) => failure(`${key}`, cause)),
  },
  { weight: 3, arbitrary: fc.constant(undecodable) },
);

describe("the breaker", () => {
  test("opens when one cause has met 20 orders without a success in between", () => {
    const breaker = createBreaker();
    for (let key = 0; key < 19; key += 1) breaker.observe(failure(`ORD-${key}`), 0);
    expect(breaker).toMatchObject({ state: "closed", cause: undefined, nextProbeAtMs: undefined });
    expect(breaker.permits(0)).toBe("all");
    breaker.observe(failure("ORD-19"), 0);
    expect(breaker).toMatchObject({ state: "open", cause: "boom", nextProbeAtMs: 1000 });
    expect(breaker.permits(999)).toBe("none");
    expect(breaker.permits(1000)).toBe("one");
  });

  test("stays closed for one order that fails for ever", () => {
    const breaker = createBreaker();
    for (let attempt = 0; attempt < 1000; attempt += 1) breaker.observe(failure("ORD-1"), 0);
    expect(breaker.state).toBe("closed");
  });

  test("opens exactly when the rule says so, whatever comes", () => {
    fc.assert(
      fc.property(fc.array(anyObservation, { maxLength: 120 }), (observations) => {
        const options = { maxFailedKeys: 5, undecodableWindow: 12, maxUndecodableShare: 0.5 };
        const breaker = createBreaker(options);
        // The rule, told by looking back over everything that was seen.
        let expected = false;
        observations.forEach((_, last) => {
          const seen = observations.slice(0, last + 1);
          const sinceSuccess = seen.slice(seen.findLastIndex(({ kind }) => kind === "success") + 1);
          const keys = new Map<string, Set<string>>();
          for (const item of sinceSuccess) {
            if (item.kind === "failure")
              keys.set(item.cause, (keys.get(item.cause) ?? new Set()).add(item.key));
          }
          const recent = seen.slice(-options.undecodableWindow);
          const flood = recent.filter(({ kind }) => kind === "undecodable").length;
          expected ||= [...keys.values()].some(({ size }) => size >= options.maxFailedKeys);
          expected ||= recent.length === options.undecodableWindow && flood >= options.undecodableWindow / 2;
        });
        for (const observation of observations) breaker.observe(observation, 0);
        expect(breaker.state).toBe(expected ? "open" : "closed");
      }),
      { numRuns: 1000 },
    );
  });

  test("never opens for successes and business rejections, which it is told as successes", () => {
    fc.assert(
      fc.property(fc.array(fc.constant(success), { maxLength: 500 }), (observations) => {
        const breaker = createBreaker({ maxFailedKeys: 1, undecodableWindow: 1 });
        for (const observation of observations) breaker.observe(observation, 0);
        expect(breaker.state).toBe("closed");
      }),
    );
  });

  test("opens for a flood of undecodable records only when it has seen enough of them", () => {
    const breaker = createBreaker();
    for (let count = 0; count < 199; count += 1) breaker.observe(undecodable, 0);
    expect(breaker.state).toBe("closed");
    breaker.observe(undecodable, 0);
    expect(breaker).toMatchObject({ state: "open", cause: "records cannot be decoded" });
  });

  test("stays closed while fewer than half of the recent records cannot be decoded", () => {
    const breaker = createBreaker();
    for (let count = 0; count < 1000; count += 1)
      breaker.observe(count % 100 < 49 ? undecodable : success, 0);
    expect(breaker.state).toBe("closed");
  });
});

describe("while it is open", () => {
  test("a probe that goes well closes it, and everything counts anew", () => {
    const breaker = open();
    breaker.observe(success, 1000);
    expect(breaker.permits(1000)).toBe("all");
    for (let key = 0; key < 19; key += 1) breaker.observe(failure(`ORD-${key}`), 1000);
    expect(breaker.state).toBe("closed");
  });

  test("probes wait 1 s, 2 s, 4 s and so on up to 30 s, and nothing is permitted in between", () => {
    const breaker = open();
    let nowMs = 0;
    for (const delayMs of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      expect(breaker.permits(nowMs + delayMs - 1)).toBe("none");
      nowMs += delayMs;
      expect(breaker.permits(nowMs)).toBe("one");
      breaker.observe(failure("ORD-0"), nowMs);
    }
  });

  test("what ends before a probe is due changes nothing: it began before", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyObservation, fc.nat(999))), (observations) => {
        const breaker = open();
        for (const [observation, nowMs] of observations) breaker.observe(observation, nowMs);
        expect(breaker).toMatchObject({ state: "open", cause: "boom", nextProbeAtMs: 1000 });
      }),
    );
  });

  test("an undecodable probe says nothing about a failing machinery: the next one may follow at once", () => {
    const breaker = open();
    breaker.observe(undecodable, 1000);
    expect(breaker.permits(1000)).toBe("one");
  });

  test("for undecodable records, any record that is an event closes it", () => {
    for (const event of [success, failure("ORD-1")]) {
      const breaker = createBreaker({ undecodableWindow: 10 });
      for (let count = 0; count < 10; count += 1) breaker.observe(undecodable, 0);
      breaker.observe(undecodable, 1000);
      expect(breaker.permits(2999)).toBe("none");
      breaker.observe(event, 3000);
      expect(breaker.state).toBe("closed");
    }
  });

  test("it always permits a probe in time, and always closes when one goes well", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyObservation, fc.nat(40_000))), (observations) => {
        const breaker = open();
        let nowMs = 0;
        for (const [observation, passedMs] of observations) {
          nowMs += passedMs;
          const permitted = breaker.permits(nowMs);
          const { state } = breaker;
          expect(permitted === "all").toBe(state === "closed");
          if (permitted !== "none") breaker.observe(observation, nowMs);
          if (permitted === "one" && observation.kind === "success") expect(breaker.state).toBe("closed");
          expect((breaker.nextProbeAtMs ?? nowMs) - nowMs).toBeLessThanOrEqual(30_000);
        }
        nowMs = Math.max(nowMs, breaker.nextProbeAtMs ?? nowMs);
        breaker.observe(success, nowMs);
        expect(breaker.permits(nowMs)).toBe("all");
      }),
      { numRuns: 500 },
    );
  });
});
