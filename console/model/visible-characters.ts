// Text of strangers, made safe to look at: whatever would be invisible or would turn its surroundings round is told apart
// from what can be read, so that the screen can name it instead of obeying it.

export type TextPart =
  | { readonly kind: "plain"; readonly text: string }
  /** `name` such as `U+202E`, or `\n` for the ones that everybody knows. */
  | { readonly kind: "named"; readonly name: string; readonly about: string };

const wellKnown: ReadonlyMap<number, readonly [string, string]> = new Map([
  [0x00, ["\\0", "null character"]],
  [0x09, ["\\t", "tab"]],
  [0x0a, ["\\n", "line feed"]],
  [0x0d, ["\\r", "carriage return"]],
  [0x1b, ["\\e", "escape"]],
]);

/** Ranges of code points that are never shown as they are. */
const hidden: readonly (readonly [number, number, string])[] = [
  [0x00, 0x1f, "control character"],
  [0x7f, 0x9f, "control character"],
  [0xad, 0xad, "soft hyphen"],
  [0x034f, 0x034f, "combining grapheme joiner"],
  [0x061c, 0x061c, "changes the direction of text"],
  [0x115f, 0x1160, "blank filler"],
  [0x17b4, 0x17b5, "invisible vowel"],
  [0x180b, 0x180f, "invisible separator"],
  [0x200b, 0x200d, "no width"],
  [0x200e, 0x200f, "changes the direction of text"],
  [0x2028, 0x2029, "line or paragraph separator"],
  [0x202a, 0x202e, "changes the direction of text"],
  [0x2060, 0x2064, "no width"],
  [0x2066, 0x2069, "changes the direction of text"],
  [0x206a, 0x206f, "deprecated format character"],
  [0x3164, 0x3164, "blank filler"],
  [0xd800, 0xdfff, "half of a surrogate pair"],
  [0xfeff, 0xfeff, "byte order mark"],
  [0xffa0, 0xffa0, "blank filler"],
  [0xfff9, 0xfffb, "annotation mark"],
  [0x1d173, 0x1d17a, "invisible musical mark"],
  [0xe0000, 0xe0fff, "invisible tag"],
];

/** More marks on one character than any script has grow out of their line. */
const marksAllowed = 4;
const mark = /^\p{M}$/u;

/** In `keepLines` line feeds and tabs stay as they are. */
export function visibleParts(text: string, { keepLines = false } = {}): readonly TextPart[] {
  const parts: TextPart[] = [];
  let plain = "";
  let marks = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    marks = code >= 0x300 && mark.test(character) ? marks + 1 : 0;
    const about = keepLines && (code === 0x0a || code === 0x09) ? undefined : reasonToName(code);
    if (about === undefined && marks <= marksAllowed) {
      plain += character;
      continue;
    }
    if (plain !== "") parts.push({ kind: "plain", text: plain });
    plain = "";
    parts.push({ kind: "named", name: nameOf(code), about: about ?? "one mark too many" });
  }
  if (plain !== "") parts.push({ kind: "plain", text: plain });
  return parts;
}

/** The same as one text, for places that take nothing else: titles, labels, file names. */
export function visibleText(text: string): string {
  return visibleParts(text)
    .map((part) => (part.kind === "plain" ? part.text : `[${part.name}]`))
    .join("");
}

/** At most `length` code points, whole ones. */
export function cutText(text: string, length: number): { readonly text: string; readonly cut: boolean } {
  // Code units bound code points.
  if (text.length <= length) return { text, cut: false };
  let end = 0;
  for (let count = 0; count < length && end < text.length; count += 1) {
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  }
  return { text: text.slice(0, end), cut: end < text.length };
}

function reasonToName(code: number): string | undefined {
  // Most of what people write.
  if (code >= 0x20 && code < 0x7f) return undefined;
  return hidden.find(([first, last]) => code >= first && code <= last)?.[2];
}

function nameOf(code: number): string {
  return wellKnown.get(code)?.[0] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}
