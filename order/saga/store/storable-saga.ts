// What every store can hold of a saga and give back unchanged. Texts lie in JSON, in which NUL and lone surrogates are
// expressible; numbers are exact only where they are finite, and as keys only as safe integers.
import type { KeptDecision, Saga } from "../domain/saga.ts";

/** A bug upstream: this saga holds a value that no store can keep. Nothing of its batch was written. */
export class UnstorableSaga extends Error {
  override readonly name = "UnstorableSaga";
  readonly orderId: number;

  constructor(orderId: number, reason: string) {
    super(`the saga of order ${orderId} cannot be stored: ${reason}`);
    this.orderId = orderId;
  }
}

const mostInt32 = 2 ** 31 - 1;

/** Throws `UnstorableSaga` for a number that would come back as another one. */
export function requireStorableSaga(saga: Saga): void {
  const { orderId, order } = saga;
  requireInteger(orderId, "orderId", orderId, 1, Number.MAX_SAFE_INTEGER);
  requireInteger(orderId, "version", saga.version, 1, mostInt32);
  requireInteger(
    orderId,
    "deadlineAtMs",
    saga.deadlineAtMs ?? 0,
    Number.MIN_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER,
  );
  requireFinite(orderId, "settledAtMs", saga.settledAtMs);
  if (order !== null) {
    requireFinite(orderId, "placedAtMs", order.placedAtMs);
    for (const { quantity, unitPriceCents } of order.items) {
      requireFinite(orderId, "quantity", quantity);
      requireFinite(orderId, "unitPriceCents", unitPriceCents);
    }
  }
  if (saga.payment !== null) requireKept(orderId, saga.payment);
  if (saga.stock !== null) requireKept(orderId, saga.stock);
  for (const event of saga.history) requireFinite(orderId, "atMs", event.atMs);
}

function requireKept(orderId: number, kept: KeptDecision): void {
  requireFinite(orderId, "eventTimeMs", kept.eventTimeMs);
  requireFinite(orderId, "receivedAtMs", kept.receivedAtMs);
  requireFinite(orderId, "deadlineAtMs", kept.deadlineAtMs);
}

function requireFinite(orderId: number, name: string, value: number | null): void {
  if (value === null || Number.isFinite(value)) return;
  throw new UnstorableSaga(orderId, `${name} must be a finite number, got ${value}`);
}

function requireInteger(orderId: number, name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new UnstorableSaga(orderId, `${name} must be an integer from ${least} to ${most}, got ${value}`);
}
