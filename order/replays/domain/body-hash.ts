import { createHash } from "node:crypto";
import type { OriginalRecord } from "../../domain/dead-letter.ts";

/** Of key and value, each with its length: what comes back from the replay topic must be what was announced. */
export function bodyHash({ key, value }: Pick<OriginalRecord, "key" | "value">): string {
  const hash = createHash("sha256");
  for (const bytes of [key, value]) {
    hash.update(`${bytes === null ? "null" : bytes.length}:`);
    if (bytes !== null) hash.update(bytes);
  }
  return hash.digest("base64url");
}
