// Idempotency-Keys as the stores write them: checked, each once, sorted.
import type { KeyedRequest } from "./saga-store.ts";

/** A row of `saga_requests`. */
export interface RequestRow {
  readonly idempotency_key: string;
  readonly fingerprint: string;
  readonly order_id: number;
  readonly requested_at_ms: number;
}

const keyPattern = /^[\u0021-\u007e]{1,255}$/;
const fingerprintPattern = /^[0-9a-f]{64}$/;

/** Any other text is nobody's key. */
export function isRequestKey(key: string): boolean {
  return keyPattern.test(key);
}

/** By key. Throws on what only a bug can ask for. */
export function prepareRequests(requests: readonly KeyedRequest[]): readonly RequestRow[] {
  const rows = new Map<string, RequestRow>();
  for (const { key, fingerprint, orderId, requestedAtMs } of requests) {
    if (!isRequestKey(key))
      throw new RangeError("an Idempotency-Key must be 1 to 255 visible ASCII characters");
    if (!fingerprintPattern.test(fingerprint)) {
      throw new RangeError("a request's fingerprint must be 64 hexadecimal digits");
    }
    if (rows.has(key)) throw new Error("an Idempotency-Key is twice in one save");
    if (!Number.isSafeInteger(orderId) || orderId < 1) {
      throw new RangeError(`a request's orderId must be a positive integer, got ${orderId}`);
    }
    const requested_at_ms = Math.floor(requestedAtMs);
    if (!Number.isSafeInteger(requested_at_ms)) {
      throw new RangeError(`a request's time must be a number of milliseconds, got ${requestedAtMs}`);
    }
    rows.set(key, { idempotency_key: key, fingerprint, order_id: orderId, requested_at_ms });
  }
  // By code units, which for ASCII is the database's order as well.
  return [...rows.keys()].sort().flatMap((key) => rows.get(key) ?? []);
}
