// One name for the same cause, whichever order it met: what differs from event to event (ids, numbers, quoted text) is left
// out of the message.

const varying: readonly (readonly [pattern: RegExp, placeholder: string])[] = [
  [/"[^"\n]{0,200}"|'[^'\n]{0,200}'|`[^`\n]{0,200}`/g, "…"],
  [/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi, "…"],
  // A word with a digit in it: ORD-17, 0x2f, 10.0.0.3:5432.
  [/[\p{L}\p{N}_.:/@-]*\p{N}[\p{L}\p{N}_.:/@-]*/gu, "…"],
  [/\s+/g, " "],
];

const maxMessageLength = 500;
const maxKeyLength = 200;

/** At most 200 characters; for comparing causes and for showing which one it is. */
export function causeKey(errorType: string, message: string): string {
  const [firstLine = ""] = message.slice(0, maxMessageLength).split("\n", 1);
  const general = varying.reduce(
    (text, [pattern, placeholder]) => text.replace(pattern, placeholder),
    firstLine,
  );
  return `${errorType}: ${general.trim()}`.slice(0, maxKeyLength).toWellFormed();
}
