// Text of any origin as a column that is compared and indexed. Keys and error texts come from records that anybody may
// have written: they may hold NUL (PostgreSQL's text cannot), half a surrogate pair (UTF-8 cannot), or a megabyte (an
// index entry of PostgreSQL holds 2,700 bytes). None of that may stop a batch, and no two texts may become one.
import { createHash } from "node:crypto";

/** Two of them and an offset fit an index entry. */
const maxBytes = 600;

const keptCharacters = 80;

/**
 * The text itself, where it has no control character, quote, backslash or lone surrogate; these are escaped as in JSON. Of
 * one that is too long, its beginning and its SHA-256, set off by `\#`, which no escape can be. Equal for equal texts only.
 */
export function toKeyText(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1);
  if (escaped.length <= maxBytes && Buffer.byteLength(escaped) <= maxBytes) return escaped;
  const beginning = JSON.stringify(text.slice(0, keptCharacters)).slice(1, -1);
  return `${beginning}\\#${createHash("sha256").update(escaped).digest("hex")}`;
}

/** Whether `toKeyText` had to leave something out. */
export function isShortened(keyText: string): boolean {
  return keyText.includes("\\#");
}

/** The text that became this; of a shortened one only what is left of it. */
export function readKeyText(keyText: string): string {
  if (isShortened(keyText)) return keyText;
  return keyText.includes("\\") ? String(JSON.parse(`"${keyText}"`)) : keyText;
}
