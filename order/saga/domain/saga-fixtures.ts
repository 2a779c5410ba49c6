// Orders, decisions and whole runs for the suites about sagas.
import type { OriginalRecord } from "../../domain/dead-letter.ts";
import type { Decision, Placement, Saga, SagaEffect, Transition } from "./saga.ts";
import { decide, expire, placeOrder } from "./transitions.ts";

export const windowMs = 10_000;

export function placement(orderId = 7): Placement {
  return { orderId, customerId: "CUST-1", items: [{ productId: "P-1", quantity: 2, unitPriceCents: 1000 }] };
}

export function original(offset: number, topic = "payment-orders"): OriginalRecord {
  return {
    topic,
    partition: 0,
    offset,
    timestampMs: 1_788_000_000_000,
    key: Buffer.from("7"),
    value: Buffer.from(`{"orderId":7,"status":"ACCEPT","offset":${offset}}`),
    headers: [["trace", Buffer.from([0, 255])]],
  };
}

export function decision(differences: Partial<Decision> = {}): Decision {
  const side = differences.side ?? "payment";
  return {
    orderId: 7,
    side,
    answer: "ACCEPT",
    source: null,
    eventTimeMs: 0,
    replayOf: null,
    original: original(1, `${side}-orders`),
    groupId: `sagas-${side}`,
    ...differences,
  };
}

/** One thing that happens to a saga. */
export type Step =
  | { readonly kind: "place" }
  | { readonly kind: "decide"; readonly decision: Decision }
  | { readonly kind: "expire" };

export interface TimedStep {
  readonly atMs: number;
  readonly step: Step;
}

export interface Run {
  readonly saga: Saga | undefined;
  readonly effects: readonly SagaEffect[];
  /** The effects of each step. */
  readonly perStep: readonly (readonly SagaEffect[])[];
}

export function run(steps: readonly TimedStep[], from?: Saga): Run {
  let saga = from;
  const perStep = steps.map(({ atMs, step }) => {
    const transition = take(saga, step, atMs);
    saga = transition?.saga;
    return transition?.effects ?? [];
  });
  return { saga, effects: perStep.flat(), perStep };
}

function take(saga: Saga | undefined, step: Step, atMs: number): Transition | undefined {
  switch (step.kind) {
    case "place":
      return placeOrder(saga, placement(), atMs, windowMs);
    case "decide":
      return decide(saga, step.decision, atMs, windowMs);
    case "expire":
      return saga === undefined ? undefined : expire(saga, atMs);
  }
}

/** The story of a saga that has begun. */
export function tell(steps: readonly TimedStep[]): Run & { readonly saga: Saga } {
  const { saga, ...story } = run(steps);
  if (saga === undefined) throw new Error("nothing has happened");
  return { saga, ...story };
}

export function place(atMs = 0): TimedStep {
  return { atMs, step: { kind: "place" } };
}

/** `atMs` is when it arrives; its event time is the same unless told otherwise. */
export function arrive(atMs: number, differences: Partial<Decision> = {}): TimedStep {
  return { atMs, step: { kind: "decide", decision: decision({ eventTimeMs: atMs, ...differences }) } };
}

export function passes(atMs: number): TimedStep {
  return { atMs, step: { kind: "expire" } };
}
