import { createHash } from "node:crypto";
import { readEventHeaders } from "../../../schemas/event-headers.ts";
import type { OriginalRecord } from "../../domain/dead-letter.ts";

/** Of what decides about the effect: what comes back from the replay topic must be what was announced. */
export function bodyHash({ key, value, headers }: Pick<OriginalRecord, "key" | "value" | "headers">): string {
  const { eventId } = readEventHeaders(headers);
  const parts = [key, value, eventId === undefined ? null : Buffer.from(eventId)];
  const hash = createHash("sha256");
  for (const bytes of parts) {
    hash.update(`${bytes === null ? "null" : bytes.length}:`);
    if (bytes !== null) hash.update(bytes);
  }
  return hash.digest("base64url");
}
