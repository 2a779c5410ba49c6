// The rule for text that comes in from people, in one place: as a check with a sentence for each way to break it, and as
// the one pattern that documents say.
import { z } from "zod";

// C0, DEL and C1 would break keys, logs and URLs.
const control = "\\u0000-\\u001f\\u007f-\\u009f";
// Exactly what String.prototype.trim takes off, spelt out because other regular expression dialects mean less by \s.
const blank = "\\t\\n\\v\\f\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff";
const controlCharacters = new RegExp(`[${control}]`);

/**
 * Text that people chose and people read: well-formed Unicode, trimmed, not blank, without control characters, at most
 * `maxLength` characters (code points, which is what JSON Schema and PostgreSQL count).
 */
export function visibleText(name: string, maxLength: number, example: string) {
  return z
    .string()
    .refine((text) => text.isWellFormed(), `Field '${name}' must be well-formed Unicode`)
    .trim()
    .refine((text) => text !== "", `Field '${name}' must not be blank`)
    .refine(
      // Code units bound code points, so the exact count is needed only in between.
      (text) =>
        text.length <= maxLength || (text.length <= 2 * maxLength && Array.from(text).length <= maxLength),
      `Field '${name}' must be at most ${maxLength} characters`,
    )
    .refine((text) => !controlCharacters.test(text), `Field '${name}' must not contain control characters`)
    .meta({
      // All of the above in one expression, so that generated clients and fuzzers know the same rule.
      pattern: `^[${blank}]*[^${blank}${control}]([^${control}]{0,${maxLength - 2}}[^${blank}${control}])?[${blank}]*$`,
      example,
    });
}
