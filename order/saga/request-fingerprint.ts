// What an Idempotency-Key stands for: two requests are the same when their validated orders are, however their JSON was
// written and whichever protocol brought them.
import { createHash } from "node:crypto";
import type { PlaceOrder } from "../../contract/sagas.ts";

/** SHA-256 of the order as JSON with sorted field names, hexadecimal. The order of its lines counts: the answer has it too. */
export function fingerprintOf(order: PlaceOrder): string {
  return createHash("sha256").update(JSON.stringify(order, sortFields)).digest("hex");
}

function sortFields(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}
