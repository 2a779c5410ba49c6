// What somebody typed as an event: an object of JSON, or what is wrong with it.

export type EventText =
  | { readonly ok: true; readonly event: Record<string, unknown> }
  | { readonly ok: false; readonly problem: string };

export function readEventText(text: string): EventText {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    return { ok: false, problem: `This is no JSON: ${placeOf(error, text)}` };
  }
  return isObject(read)
    ? { ok: true, event: read }
    : { ok: false, problem: "An event is an object: it begins with { and ends with }" };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Engines word it differently; with a position the line is counted. */
function placeOf(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : "it cannot be read";
  const position = /position (\d+)/.exec(message)?.[1];
  if (position === undefined) return message;
  const before = text.slice(0, Number(position)).split("\n");
  return `${message.replace(/ \(line \d+ column \d+\)/, "")}, line ${before.length}`;
}
