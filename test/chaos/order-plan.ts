// Promises what is asked about the n-th order, decided by the seed and n alone: whatever happens to the system meanwhile,
// the same seed asks the same. All documented kinds of records occur: creates of both systems over HTTP, tRPC and past cart, repeats
// under one Idempotency-Key, changes of status by all ways, duplicates, updates of unknown orders, poison, and requests
// that cart must refuse.
import { createRandom, type Random } from "./random.ts";

export type System = "A" | "B";
export type Way = "plain" | "trpc";

/** One thing to do about an order. */
export type Step =
  | {
      readonly kind: "ask-create";
      readonly system: System;
      readonly way: Way;
      readonly itemCount: number;
      readonly idempotencyKey?: string;
      /** The client did not see the answer, and asks again although it was told. */
      readonly asksAgain: boolean;
    }
  | { readonly kind: "ask-status"; readonly system: System; readonly way: Way; readonly status: string }
  | { readonly kind: "ask-wrongly"; readonly system: System; readonly mistake: number }
  /** Written past cart. `eventId`: the one that its repeats have too. */
  | { readonly kind: "write-create"; readonly system: System; readonly eventId?: string }
  | { readonly kind: "write-status"; readonly system: System; readonly status: string }
  | { readonly kind: "write-poison"; readonly poison: number };

export interface PlannedStep {
  readonly orderId: string;
  /** How many orders later it comes. */
  readonly after: number;
  readonly step: Step;
}

/** Between two events of an order come so many other orders, at the least. */
const apart = 30;
/** Of ten thousand orders. */
const of10k = {
  keyed: 2000,
  askedAgain: 60,
  written: 500,
  repeated: 50,
  duplicated: 150,
  unknown: 100,
  poison: 100,
  wrong: 100,
};
/** Kinds of mistakes and of small poison. */
export const mistakes = 4;
export const smallPoisons = 4;

export function planOrder(seed: number, index: number): readonly PlannedStep[] {
  const random = createRandom((seed ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0);
  const happens = (share: number) => random.below(10_000) < share;
  const orderId = `O-${index}`;
  const system: System = random.below(2) === 0 ? "A" : "B";
  const other: System = system === "A" ? "B" : "A";
  const way: Way = random.below(3) === 0 ? "trpc" : "plain";
  const isWritten = happens(of10k.written);
  const steps: PlannedStep[] = [];
  const add = (after: number, step: Step, of = orderId) => void steps.push({ orderId: of, after, step });

  if (isWritten) {
    const eventId = uuidFrom(random);
    add(0, { kind: "write-create", system, eventId });
    if (happens(of10k.repeated * 20)) add(apart / 2, { kind: "write-create", system, eventId });
  } else {
    add(0, {
      kind: "ask-create",
      system,
      way,
      itemCount: random.between(1, 3),
      ...(happens(of10k.keyed) ? { idempotencyKey: `key-${seed}-${index}` } : {}),
      asksAgain: happens(of10k.askedAgain),
    });
  }
  const changes = [0, 0, 1, 1, 1, 2][random.below(6)] ?? 0;
  for (let change = 1; change <= changes; change += 1) {
    const status = `step-${change}`;
    const step: Step =
      random.below(4) === 0
        ? { kind: "ask-status", system, way, status }
        : { kind: "write-status", system, status };
    add(apart * change + random.below(apart), step);
  }
  if (happens(of10k.duplicated)) {
    add(apart * random.between(1, 3), { kind: "write-create", system: random.pick([system, other]) });
  }
  if (happens(of10k.unknown)) add(0, { kind: "write-status", system, status: "lost" }, `U-${index}`);
  if (happens(of10k.poison)) add(apart, { kind: "write-poison", poison: random.below(smallPoisons) });
  if (happens(of10k.wrong))
    add(0, { kind: "ask-wrongly", system, mistake: random.below(mistakes) }, `X-${index}`);
  return steps;
}

/** Version 8: sixteen bytes of our own making. */
function uuidFrom(random: Random): string {
  const bytes = Buffer.from(Array.from({ length: 16 }, () => random.below(256)));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
