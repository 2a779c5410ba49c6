// Defects of what an event does: in which order, how often it is tried, what an outage counts for, and what of it is stored.
import type { Mutant } from "./mutant.ts";
import type { Provocation } from "./provocation.ts";

export const effectMutants: readonly Mutant<Provocation>[] = [
  {
    name: "held-lane-overtaken",
    breaks: "Later events of an order wait behind one that waits for its next attempt.",
    edits: [
      {
        file: "order/worker/plan-batch.ts",
        find: `  if (options.isHeld(item)) return { kind: "behind" };\n`,
        replace: "",
      },
    ],
    world: "worker",
    provokedBy: "retries",
  },
  {
    name: "lane-overtaken-in-its-batch",
    breaks: "Later events of an order wait behind one that fails in the same batch.",
    edits: [
      {
        file: "order/worker/plan-batch.ts",
        find: `    if (end.kind === "waiting" || end.kind === "behind") blockedLanes.add(laneKeyOf(item));\n`,
        replace: "",
      },
    ],
    world: "worker",
    provokedBy: "retries",
  },
  {
    name: "attempts-counted-anew",
    breaks: "Attempts survive a restart and a rebalance.",
    edits: [
      {
        file: "order/worker/plan-batch.ts",
        find: "  const attempt = (item.parked?.attempts.at(-1)?.attempt ?? 0) + 1;\n  const attempts = withAttempt(item.parked?.attempts ?? [], {",
        replace: `  const known = tried.get(item.partition) ?? new Set<number>();
  tried.set(item.partition, known);
  const before = known.has(item.record.offset) ? (item.parked?.attempts ?? []) : [];
  known.add(item.record.offset);
  const attempt = (before.at(-1)?.attempt ?? 0) + 1;
  const attempts = withAttempt(before, {`,
      },
      {
        file: "order/worker/plan-batch.ts",
        find: "const maxMessageLength = 1000;",
        replace: "const tried = new WeakMap<object, Set<number>>();\nconst maxMessageLength = 1000;",
      },
    ],
    world: "worker",
    provokedBy: "retries",
  },
  {
    name: "one-attempt-too-few",
    breaks: "An event of system A has all of its retries.",
    edits: [
      {
        file: "order/domain/verdict.ts",
        find: "  const delayMs = delaysMs[attempt - 1];",
        replace: "  const delayMs = delaysMs[attempt];",
      },
    ],
    world: "worker",
    provokedBy: "retries",
  },
  {
    name: "retried-before-it-is-due",
    breaks: "A retry waits out its delay.",
    edits: [
      {
        file: "order/worker/parked-lanes.ts",
        find: "        .filter(({ dueAtMs }) => dueAtMs <= nowMs)",
        replace: "        .filter(({ dueAtMs }) => dueAtMs <= nowMs + 250)",
      },
    ],
    world: "worker",
    provokedBy: "retries",
  },
  {
    name: "outage-burns-an-attempt",
    breaks: "That the store is away is nobody's failed attempt.",
    edits: [
      {
        file: "order/worker/batch-run.ts",
        find: "      if (error instanceof StoreUnavailable || surprise !== undefined) throw error;",
        replace: "      if (surprise !== undefined) throw error;",
      },
    ],
    world: "worker",
    provokedBy: "store-connections-cut",
  },
  {
    name: "unknown-commit-taken-as-success",
    breaks: "A batch whose commit was not answered counts only when the store is found to have it.",
    edits: [
      {
        file: "order/worker/batch-run.ts",
        find: "      if (error instanceof StoreUnavailable || surprise !== undefined) throw error;",
        replace: `      if (error instanceof StoreUnavailable) {
        for (const { partition, delivery, record } of items) {
          if (delivery === null) continue;
          partition.nextOffset = record.offset + 1;
          delivery.settled = true;
        }
        return { notDone: [], fenced: [] };
      }
      if (surprise !== undefined) throw error;`,
      },
    ],
    world: "worker",
    provokedBy: "store-connections-cut",
  },
  {
    name: "unknown-commit-repeated-blindly",
    breaks:
      "After a commit without an answer the store is asked what it has, before anything is written again.",
    edits: [
      {
        file: "order/worker/worker.ts",
        find: "        for (const { partition } of taken) unclaim(partition);\n        batchSize",
        replace: "        batchSize",
      },
    ],
    world: "worker",
    because:
      "PostgreSQL recognises a record that is parked twice, so nothing of it is left to see from outside.",
  },
  {
    name: "batch-cut-short-counts-as-written",
    breaks: "What the breaker kept from being tried is tried later.",
    edits: [
      {
        file: "order/worker/batch-run.ts",
        find: "    return { notDone: [...notDone, ...items.slice(stopBefore)], fenced };",
        replace: "    return { notDone, fenced };",
      },
    ],
    world: "worker",
    provokedBy: "poison-only",
  },
  {
    name: "store-writes-a-part",
    breaks: "Progress moves only with all of a batch's effects.",
    edits: [
      {
        file: "order/store/postgres-texts.ts",
        find: "creates.map(({ order }) => toCopyLine(order))",
        replace: "creates.slice(0, 50).map(({ order }) => toCopyLine(order))",
      },
    ],
    provokedBy: "nothing",
    because: "The simulator has a store of its own.",
  },
  {
    name: "duplicate-create-applied",
    breaks: "An order is created once, and another create of it is a duplicate.",
    edits: [
      {
        file: "order/domain/order.ts",
        find: `      return { kind: "reject", rejection: duplicateCreate(event) };`,
        replace: `      return { kind: "apply", order: advance(order, origin, event.status) };`,
      },
    ],
    world: "worker",
    provokedBy: "nothing",
  },
  {
    name: "repeated-create-is-a-duplicate",
    breaks: "A create that is repeated under its event id is recognised as itself, and is no dead letter.",
    edits: [
      {
        file: "order/domain/order.ts",
        find: `      if (isSameCreate(order, origin)) return { kind: "already-applied" };\n`,
        replace: "",
      },
    ],
    world: "worker",
    provokedBy: "nothing",
  },
  {
    name: "older-events-are-applied",
    breaks: "An event at or before the last one of its source that an order has seen has no effect any more.",
    edits: [
      {
        file: "order/domain/order.ts",
        find: `  if (order !== undefined && hasPassed(order, origin)) return { kind: "already-applied" };\n`,
        replace: "",
      },
    ],
    world: "worker with replays",
    because:
      "Behind the stored progress it is a second line: only replays that crossed an operator's order reach it.",
  },
];
