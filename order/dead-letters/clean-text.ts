// Text of any origin as text that every part down the line can hold: Avro and UTF-8 have no lone surrogates, PostgreSQL no NUL.

/** U+FFFD, the replacement character, stands for both. */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "\ufffd");
}

/** The same, cut to at most `maxLength` UTF-16 units, never through the middle of a character. */
export function cleanTextWithin(text: string, maxLength: number): string {
  if (text.length <= maxLength) return cleanText(text);
  // One unit less is always enough to drop half of a pair: it would become a replacement character.
  const last = text.charCodeAt(maxLength - 2);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return `${cleanText(text.slice(0, splitsPair ? maxLength - 2 : maxLength - 1))}…`;
}
