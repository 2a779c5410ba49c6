import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { EventType } from "./order.ts";
import type { ErrorCategory } from "./dead-letter.ts";
import { type Failure, judge, retryPolicies, type Verdict } from "./verdict.ts";

const policies = retryPolicies({ maxRetries: 3, backoffMs: 1000, maxBackoffMs: 30_000 });
const failure = (kind: Failure["kind"]): Failure => ({
  kind,
  reason: "reason",
  errorType: "ValueError",
  message: "m",
});
const dead = (category: ErrorCategory): Verdict => ({
  kind: "dead-letter",
  death: { category, reason: "reason" },
});

describe("system A", () => {
  for (const eventType of ["Order", "OrderStatusUpdate"] as const) {
    for (const kind of ["rejected", "invalid", "processing"] as const) {
      test(`${eventType}, ${kind}: waits 1 s, 2 s, 4 s and is dead-lettered after the fourth attempt`, () => {
        const verdicts = [1, 2, 3, 4].map((attempt) =>
          judge(failure(kind), eventType, attempt, policies, 100),
        );
        expect(verdicts).toEqual([
          { kind: "retry", dueAtMs: 1100 },
          { kind: "retry", dueAtMs: 2100 },
          { kind: "retry", dueAtMs: 4100 },
          dead("RETRY_THEN_DLQ"),
        ]);
      });
    }
  }

  test("its waits are what the settings say, capped", () => {
    expect(retryPolicies({ maxRetries: 4, backoffMs: 1000, maxBackoffMs: 3000 }).systemA).toEqual([
      1000, 2000, 3000, 3000,
    ]);
    expect(retryPolicies({ maxRetries: 0, backoffMs: 1000, maxBackoffMs: 3000 }).systemA).toEqual([]);
  });
});

describe("system B", () => {
  for (const kind of ["rejected", "invalid"] as const) {
    test(`${kind}: dead-lettered at once`, () => {
      expect(judge(failure(kind), "OrderEvent", 1, policies, 0)).toEqual(dead("NO_RETRY_DLQ"));
    });
  }

  test("processing errors wait 2 s, 5 s, 10 s", () => {
    const verdicts = [1, 2, 3, 4].map((attempt) =>
      judge(failure("processing"), "OrderEvent", attempt, policies, 0),
    );
    expect(verdicts).toEqual([
      { kind: "retry", dueAtMs: 2000 },
      { kind: "retry", dueAtMs: 5000 },
      { kind: "retry", dueAtMs: 10_000 },
      dead("RETRY_THEN_DLQ"),
    ]);
  });
});

test("bytes that cannot be read are dead-lettered at once, whatever the topic", () => {
  expect(judge(failure("unreadable"), null, 1, policies, 0)).toEqual(dead("NO_RETRY_DLQ"));
  expect(judge(failure("unreadable"), "Order", 1, policies, 0)).toEqual(dead("NO_RETRY_DLQ"));
});

test("every failure ends in a dead letter after finitely many attempts, and no retry is due before its failure", () => {
  const kinds = fc.constantFrom<Failure["kind"]>("unreadable", "invalid", "rejected", "processing");
  const eventTypes = fc.constantFrom<EventType | null>("Order", "OrderStatusUpdate", "OrderEvent", null);
  fc.assert(
    fc.property(kinds, eventTypes, fc.nat(100), fc.nat(), (kind, eventType, maxRetries, nowMs) => {
      const own = retryPolicies({ maxRetries, backoffMs: 1, maxBackoffMs: 1000 });
      let attempts = 0;
      for (let attempt = 1; ; attempt += 1) {
        attempts = attempt;
        const verdict = judge(failure(kind), eventType, attempt, own, nowMs);
        if (verdict.kind === "dead-letter") break;
        expect(verdict.dueAtMs).toBeGreaterThan(nowMs);
      }
      expect(attempts).toBeLessThanOrEqual(Math.max(maxRetries, 3) + 1);
    }),
  );
});
