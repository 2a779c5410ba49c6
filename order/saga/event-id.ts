// Ids of what is published: derived from what it is about, so that whoever makes it again makes the same id.
import { createHash } from "node:crypto";

export function derivedEventId(...parts: readonly (string | number)[]): string {
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest();
  // RFC 9562, UUID version 8: sixteen bytes of our own making with the version and variant bits set.
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString("hex", 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
