// Sagas, messages and writes for the suites of this folder.
import { createHash } from "node:crypto";
import { arrive, decision, place, placement, run, windowMs } from "../domain/saga-fixtures.ts";
import type { Decision, Saga } from "../domain/saga.ts";
import { decide, expire, placeOrder } from "../domain/transitions.ts";
import type {
  KeyedRequest,
  OutboxState,
  OutgoingMessage,
  SagaRecord,
  SagaSaveOutcome,
  SagaStore,
  SagaWrite,
} from "./saga-store.ts";

export const topic = "orders";

export function placedSaga(orderId: number, nowMs = 1000): Saga {
  return placeOrder(undefined, placement(orderId), nowMs, windowMs).saga;
}

export function decided(
  before: Saga | undefined,
  orderId: number,
  differences: Partial<Decision> = {},
): Saga {
  return decide(before, decision({ orderId, ...differences }), 2000, windowMs).saga;
}

/** With both decisions, from wherever it is. */
export function settled(before: Saga): Saga {
  const { orderId } = before;
  return decided(decided(before, orderId), orderId, { side: "stock" });
}

/** One whose payment has expired. */
export function expiredSaga(orderId: number): Saga {
  return expire(decided(placedSaga(orderId), orderId), 1e9).saga;
}

export function longStory(): Saga {
  const { saga } = run([
    arrive(1, { source: "PAYMENT" }),
    place(2),
    arrive(3),
    arrive(4, { answer: "REJECT" }),
    arrive(99_000, { side: "stock", answer: "REJECT", source: "" }),
    arrive(99_001, { side: "stock", answer: "REJECT", replayOf: "letter" }),
  ]);
  if (saga === undefined) throw new Error("nothing has happened");
  return saga;
}

export function creation(saga: Saga): SagaRecord {
  return { saga, expectedVersion: 0 };
}

export function message(orderId: number | null, text: string): OutgoingMessage {
  return {
    topic,
    key: Buffer.from(String(orderId)),
    value: Buffer.from(text),
    headers: [["event-id", Buffer.from(`${orderId}-${text}`)]],
    orderId,
  };
}

export function writeOf(parts: Partial<SagaWrite>): SagaWrite {
  return { progress: [], changes: [], messages: [], outbox: "outbox-a", ...parts };
}

/** New orders and their NEW. */
export function placing(orderIds: readonly number[], outbox = "outbox-a"): SagaWrite {
  return writeOf({
    changes: orderIds.map((orderId) => creation(placedSaga(orderId))),
    messages: orderIds.map((orderId) => message(orderId, "NEW")),
    outbox,
  });
}

export function keyed(key: string, orderId: number, differences: Partial<KeyedRequest> = {}): KeyedRequest {
  const fingerprint = createHash("sha256").update(String(orderId)).digest("hex");
  return { key, fingerprint, orderId, requestedAtMs: 1000, ...differences };
}

/** New orders, each under its own key: `key-7` for order 7. */
export function keyedPlacing(orderIds: readonly number[], outbox = "outbox-a"): SagaWrite {
  return {
    ...placing(orderIds, outbox),
    requests: orderIds.map((orderId) => keyed(`key-${orderId}`, orderId)),
  };
}

export function conflictsOf(outcome: SagaSaveOutcome): readonly number[] {
  if (outcome.kind === "saved") return [];
  if (outcome.kind !== "conflicts") throw new Error(JSON.stringify(outcome));
  return outcome.orderIds.toSorted((left, right) => left - right);
}

/** What an outbox holds, as `orderId text`. */
export async function textsOf(store: SagaStore, outbox: string): Promise<readonly string[]> {
  const rows = await store.readOutbox(outbox, 0, 1000);
  return rows.map(({ orderId, value }) => `${orderId} ${String(value)}`);
}

export async function stateOf(store: SagaStore, outbox: string): Promise<OutboxState> {
  const state = await store.leaseOutbox(outbox, "a test", 0, 0);
  if (state === "leased by another") throw new Error(`${outbox} is leased`);
  return state;
}
