// The words of `bun run dlq` as a command, or what is wrong with them. Pure.
import { parseArgs } from "node:util";
import type { LetterScope } from "../contract/replays.ts";

export type DlqCommand = { readonly json: boolean } & (
  | { readonly kind: "ls"; readonly filter: Filter; readonly limit: number }
  | { readonly kind: "count"; readonly filter: Filter }
  | { readonly kind: "show"; readonly id: string }
  | { readonly kind: "groups" }
  | { readonly kind: "jobs" | "audit"; readonly limit: number }
  | {
      readonly kind: "items";
      readonly id: string;
      readonly state: ReplayItemState | undefined;
      readonly limit: number;
    }
  | {
      readonly kind: "replay";
      readonly scope: LetterScope;
      readonly name: string;
      readonly reason: string;
      readonly ratePerSecond: number | undefined;
      readonly canary: number | undefined;
      readonly autoStopFailureShare: number | undefined;
      readonly requestId: string | undefined;
      readonly force: boolean;
      readonly dryRun: boolean;
      readonly wait: boolean;
    }
  | { readonly kind: "discard" | "restore"; readonly scope: LetterScope; readonly reason: string }
  | { readonly kind: "wait"; readonly id: string }
  | { readonly kind: "pause" | "cancel"; readonly id: string; readonly reason: string }
  | { readonly kind: "resume"; readonly id: string; readonly reason: string; readonly wait: boolean }
  | { readonly kind: "rate"; readonly id: string; readonly ratePerSecond: number; readonly reason: string }
);

type ReplayItemState = (typeof itemStates)[number];
type Filter = NonNullable<LetterScope["filter"]>;

export const usage = `bun run dlq -- <command> [options]

  ls       [--filter k=v]… [--limit N]           dead letters
  count    [--filter k=v]…                       how many match
  show     <id>                                  one of them, whole
  groups                                         kinds of failures, most letters first
  replay   --filter k=v… | --id ID… | --all  --reason TEXT [--name TEXT] [--rate N] [--canary N]
           [--auto-stop SHARE] [--force] [--request-id ID] [--dry-run] [--wait]
  discard  --filter k=v… | --id ID… | --all  --reason TEXT
  restore  --filter k=v… | --id ID… | --all  --reason TEXT
  jobs     [--limit N]                           replays, newest first
  items    <job> [--state S] [--limit N]         what became of its letters, one by one
  wait     <job>                                 until it ends or pauses itself
  pause | cancel  <job> --reason TEXT
  resume   <job> --reason TEXT [--wait]
  rate     <job> --rate N --reason TEXT
  audit    [--limit N]                           what was ordered, newest first

  Filters: topic, deadLetterTopic, errorType, category, reason, orderId, state, fingerprint, text, header, from, until.
  States of items: pending, sent, applied, already_applied, stale, failed, skipped.
  --json   answers as JSON, in the service's own fields. ORDER_URL is where order listens, http://127.0.0.1:8001 by default.
  Exit codes: 0 done; 1 refused, or order cannot be reached; 2 wrong words; 3 what was waited for did not go well:
  letters failed again or were skipped, or the replay was paused or cancelled. A canary that went well is 0.`;

export type ArgumentsResult =
  | { readonly ok: true; readonly command: DlqCommand }
  | { readonly ok: false; readonly problem: string };

const filterNames = [
  "topic",
  "deadLetterTopic",
  "errorType",
  "category",
  "reason",
  "orderId",
  "state",
  "fingerprint",
  "text",
  "header",
  "from",
  "until",
] as const;

const itemStates = ["pending", "sent", "applied", "already_applied", "stale", "failed", "skipped"] as const;

class Misuse extends Error {}

export function readDlqArguments(words: readonly string[]): ArgumentsResult {
  try {
    return { ok: true, command: read(words) };
  } catch (error) {
    // parseArgs says what it does not know in one sentence.
    if (error instanceof Error) return { ok: false, problem: error.message };
    throw error;
  }
}

function read(words: readonly string[]): DlqCommand {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      filter: { type: "string", multiple: true, default: [] },
      id: { type: "string", multiple: true, default: [] },
      all: { type: "boolean", default: false },
      limit: { type: "string", default: "50" },
      name: { type: "string", default: "by hand" },
      reason: { type: "string" },
      rate: { type: "string" },
      canary: { type: "string" },
      "auto-stop": { type: "string" },
      "request-id": { type: "string" },
      force: { type: "boolean", default: false },
      "dry-run": { type: "boolean", default: false },
      wait: { type: "boolean", default: false },
      state: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [kind = "", id, ...rest] = positionals;
  if (rest.length > 0) throw new Misuse(`There is one word too many: ${rest.join(" ")}`);
  const { json, filter, id: ids, all } = values;
  const named = () => required(id, `${kind} needs the id of what it is about`);
  const scope = () => scopeOf(filter, ids, all);
  const reason = () => required(values.reason, `${kind} needs --reason`);
  switch (kind) {
    case "ls":
      return { kind, json, filter: filterOf(filter), limit: numberOf("limit", values.limit) };
    case "show":
    case "wait":
      return { kind, json, id: named() };
    case "count":
      return { kind, json, filter: filterOf(filter) };
    case "items": {
      const limit = numberOf("limit", values.limit);
      return { kind, json, id: named(), state: itemStateOf(values.state), limit };
    }
    case "groups":
      return { kind, json };
    case "jobs":
    case "audit":
      return { kind, json, limit: numberOf("limit", values.limit) };
    case "discard":
    case "restore":
      return { kind, json, scope: scope(), reason: reason() };
    case "pause":
    case "cancel":
      return { kind, json, id: named(), reason: reason() };
    case "resume":
      return { kind, json, id: named(), reason: reason(), wait: values.wait };
    case "rate": {
      const ratePerSecond = numberOf("rate", required(values.rate, "rate needs --rate"));
      return { kind, json, id: named(), ratePerSecond, reason: reason() };
    }
    case "replay": {
      const { name, force, wait, "dry-run": dryRun } = values;
      return {
        kind,
        json,
        name,
        force,
        wait,
        dryRun,
        scope: scope(),
        reason: dryRun ? "" : reason(),
        ratePerSecond: optionalNumber("rate", values.rate),
        canary: optionalNumber("canary", values.canary),
        autoStopFailureShare: optionalNumber("auto-stop", values["auto-stop"]),
        requestId: values["request-id"],
      };
    }
    default:
      throw new Misuse(kind === "" ? "A command is missing" : `There is no command '${kind}'`);
  }
}

/** That everything is meant has to be said: a filter that was forgotten is not everything. */
function scopeOf(filters: readonly string[], ids: readonly string[], all: boolean): LetterScope {
  const given = [filters.length > 0, ids.length > 0, all].filter(Boolean).length;
  if (given !== 1) throw new Misuse("One of --filter, --id and --all says which dead letters are meant");
  return ids.length > 0 ? { ids: [...ids] } : { filter: filterOf(filters) };
}

function filterOf(filters: readonly string[]): Filter {
  const entries = filters.map((text): [string, string] => {
    const equals = text.indexOf("=");
    const name = text.slice(0, Math.max(equals, 0));
    if (!filterNames.some((known) => known === name)) {
      throw new Misuse(`--filter takes name=value, with a name of ${filterNames.join(", ")}; got '${text}'`);
    }
    return [name, text.slice(equals + 1)];
  });
  if (new Set(entries.map(([name]) => name)).size < entries.length) {
    throw new Misuse("Each filter is given once: they narrow each other down");
  }
  // Names are known; whether the values are right, the service says.
  return Object.fromEntries(entries);
}

function itemStateOf(text: string | undefined): ReplayItemState | undefined {
  if (text === undefined) return undefined;
  const state = itemStates.find((known) => known === text);
  if (state === undefined) throw new Misuse(`--state must be one of ${itemStates.join(", ")}; got '${text}'`);
  return state;
}

function required(value: string | undefined, problem: string): string {
  if (value === undefined || value.trim() === "") throw new Misuse(problem);
  return value;
}

function optionalNumber(name: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : numberOf(name, text);
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw new Misuse(`--${name} must be a number, got '${text}'`);
  return value;
}
