// Event ids: what lets order recognise an event that reaches it twice.
import { createHash } from "node:crypto";
import type { CreateOrder } from "../contract/models.ts";

export function randomEventId(): string {
  return crypto.randomUUID();
}

/**
 * The event id of a create that carries an Idempotency-Key: derived from the key and what was asked for, so a client's
 * repeat has the same id whichever cart instance it reaches, and another request under the same key never does.
 */
export function idempotentEventId(idempotencyKey: string, command: CreateOrder): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([idempotencyKey, command.system, command.orderId, command.itemCount]))
    .digest();
  // RFC 9562, UUID version 8: sixteen bytes of our own making with the version and variant bits set.
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString("hex", 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** 32 bits of an event id, to seed what is generated for it: the first ones, which are random or a digest's in both kinds. */
export function seedOf(eventId: string): number {
  return Number.parseInt(eventId.slice(0, 8), 16);
}
