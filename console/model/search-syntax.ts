// What people type into the search of Messages, and what dlq.list takes: `order:ORD-1 error:ValueError reason:unknown_order
// topic:order-events category:NO_RETRY_DLQ since:2h some words`. Words without a name are one text, in their order.
import { type LetterState, letterStates } from "./letter-states.ts";

export interface LetterSearch {
  readonly orderId?: string;
  readonly errorType?: string;
  readonly reason?: string;
  readonly topic?: string;
  readonly deadLetterTopic?: string;
  readonly category?: Category;
  readonly state?: LetterState;
  /** Of a group of alike failures. */
  readonly fingerprint?: string;
  /** `name=value`. */
  readonly header?: string;
  readonly text?: string;
  /** ISO 8601. */
  readonly from?: string;
  readonly until?: string;
}

export const categories = ["NO_RETRY_DLQ", "RETRY_THEN_DLQ", "RETRY_FOREVER"] as const;
export type Category = (typeof categories)[number];

export interface ReadSearch {
  readonly search: LetterSearch;
  /** One sentence for each thing that cannot be searched for. */
  readonly problems: readonly string[];
}

const names = {
  order: "orderId",
  error: "errorType",
  reason: "reason",
  topic: "topic",
  dlq: "deadLetterTopic",
  category: "category",
  state: "state",
  group: "fingerprint",
  header: "header",
  from: "from",
  until: "until",
  since: "from",
} as const;
type Name = keyof typeof names;

export const searchNames = Object.keys(names);

// name:"in quotes" or name:word, "in quotes", word
const token = /(?:([a-z]+):)?(?:"((?:[^"\\]|\\.)*)"|(\S+))/g;
const spans: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `nowMs` is what `since:` counts back from. */
export function readSearch(typed: string, nowMs: number): ReadSearch {
  const found: Record<string, string> = {};
  const words: string[] = [];
  const problems: string[] = [];
  for (const [whole, name, quoted, word = ""] of typed.matchAll(token)) {
    const value = quoted === undefined ? word : quoted.replace(/\\(.)/g, "$1");
    if (name === undefined || !isName(name)) {
      words.push(name === undefined ? value : whole);
      continue;
    }
    const read = readValue(name, value, nowMs);
    if (typeof read !== "string") problems.push(read.problem);
    else if (names[name] in found) problems.push(`${name}: is given twice`);
    else found[names[name]] = read;
  }
  const text = words.join(" ").trim();
  if (text !== "") found["text"] = text;
  const { from, until } = found;
  if (from !== undefined && until !== undefined && Date.parse(from) >= Date.parse(until)) {
    problems.push("The time range ends before it begins");
  }
  return { search: letterSearchOf(found), problems };
}

/** Such that `readSearch` reads it back; what is undefined is taken out. */
export function withTerm(typed: string, name: Name, value: string | undefined): string {
  const others = [...typed.matchAll(token)].flatMap(([whole, other]) =>
    other !== undefined && isName(other) && names[other] === names[name] ? [] : [whole],
  );
  return [...(value === undefined ? [] : [termText(name, value)]), ...others].join(" ");
}

export function termText(name: Name, value: string): string {
  const bare = /^[^\s"\\]+$/.test(value);
  return `${name}:${bare ? value : `"${value.replace(/["\\]/g, "\\$&")}"`}`;
}

/** The value of a term as it was typed. */
export function termIn(typed: string, name: Name): string | undefined {
  for (const [, other, quoted, word] of typed.matchAll(token)) {
    if (other === name) return quoted ?? word;
  }
  return undefined;
}

function isName(text: string): text is Name {
  return Object.hasOwn(names, text);
}

function readValue(name: Name, value: string, nowMs: number): string | { readonly problem: string } {
  if (value === "") return { problem: `${name}: needs a value` };
  if (name === "category") {
    const known = categories.find((category) => category === value.toUpperCase());
    return known ?? { problem: `category: is one of ${categories.join(", ")}` };
  }
  if (name === "state") {
    const known = letterStates.find((state) => state === value.toLowerCase());
    return known ?? { problem: `state: is one of ${letterStates.join(", ")}` };
  }
  if (name === "group" && !/^[0-9a-f]{16}$/.test(value)) {
    return { problem: "group: is the sixteen digits of a group, as Failures links to it" };
  }
  if (name === "header" && !/^[^=]{1,128}=/.test(value)) {
    return { problem: "header: is name=value, such as header:source=web" };
  }
  if (name === "since") {
    const [, amount, unit = ""] = /^(\d{1,4})(s|m|min|h|d)$/.exec(value) ?? [];
    if (amount === undefined) return { problem: "since: is a span such as 15m, 2h or 7d" };
    return new Date(nowMs - Number(amount) * (spans[unit] ?? 0)).toISOString();
  }
  if (name === "from" || name === "until") {
    // A bare date or time without a zone is UTC: the same link means the same for everyone.
    const zoned = /Z|[+-]\d\d:?\d\d$/i.test(value) || /^\d{4}-\d\d-\d\d$/.test(value) ? value : `${value}Z`;
    const ms = Date.parse(zoned);
    if (Number.isNaN(ms)) return { problem: `${name}: is an instant such as 2026-03-02T09:30:00Z` };
    return new Date(ms).toISOString();
  }
  return value;
}

function letterSearchOf({ category, state, ...found }: Readonly<Record<string, string>>): LetterSearch {
  const known = categories.find((candidate) => candidate === category);
  const knownState = letterStates.find((candidate) => candidate === state);
  return {
    ...found,
    ...(known === undefined ? {} : { category: known }),
    ...(knownState === undefined ? {} : { state: knownState }),
  };
}
