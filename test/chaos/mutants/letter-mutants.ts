// Defects of dead letters and of their replay.
import type { Mutant } from "./mutant.ts";
import type { Provocation } from "./provocation.ts";

export const letterMutants: readonly Mutant<Provocation>[] = [
  {
    name: "letter-failure-swallowed",
    breaks: "A dead letter that the broker refused is tried again until it has it.",
    edits: [
      {
        file: "order/dead-letters/dead-letter-outbox.ts",
        find: "      else onRefusal(letter, readRefusal(outcome.failure));",
        replace: "      else onAcknowledged(letter);",
      },
    ],
    world: "worker",
    provokedBy: "letters-refused",
  },
  {
    name: "letters-of-the-predecessor-forgotten",
    breaks: "Letters that a process left behind are published by whoever claims their partition.",
    edits: [
      {
        file: "order/worker/worker.ts",
        find: "    if (dead.length > 0) outbox.add(await store.loadParked(dead));\n",
        replace: "    if (dead.length > 0) await store.loadParked(dead);\n",
      },
    ],
    world: "worker",
    provokedBy: "killed-before-letters",
  },
  {
    name: "letter-bytes-read-as-text",
    breaks: "A dead letter has the exact bytes of its record.",
    edits: [
      {
        file: "order/dead-letters/build-dead-letter.ts",
        find: `  if (value === null || trim !== "digest") {
    return { originalValue: value,`,
        replace: `  if (value === null || trim !== "digest") {
    return { originalValue: value === null ? null : Buffer.from(value.toString("utf8")),`,
      },
    ],
    provokedBy: "nothing",
    because: "What the simulator's records hold is text, which survives it.",
  },
  {
    name: "letter-named-after-its-copy",
    breaks: "Copies of a dead letter are one letter.",
    edits: [
      {
        file: "order/dead-letters/read-dead-letter.ts",
        find: "    id: `${topic}/${partition}${life}/${offset}`,",
        replace: "    id: `${place.dlqTopic}/${place.dlqPartition}${life}/${place.dlqOffset}`,",
      },
    ],
    provokedBy: "killed-after-letters",
    because: "The simulator has no index.",
  },
  {
    name: "letter-has-another-time-each-time",
    breaks: "What a letter tells of its attempts is what was stored with its record.",
    edits: [
      {
        file: "order/dead-letters/dead-letter-outbox.ts",
        find: "    const built = buildDeadLetter(letter.record, clock.nowMs(), letter.trim);",
        replace: `    const attempts = letter.record.attempts.map((attempt) => ({ ...attempt, failedAtMs: clock.nowMs() }));
    const built = buildDeadLetter({ ...letter.record, attempts }, clock.nowMs(), letter.trim);`,
      },
    ],
    world: "worker",
    provokedBy: "retries",
  },
  {
    name: "replay-decided-at-its-own-place",
    breaks: "A replayed update that is older than the order's state is stale.",
    edits: [
      {
        file: "order/worker/plan-batch.ts",
        find: "    replay === undefined\n      ? decide(order, event, origin)",
        replace: '    replay === undefined || event.kind === "status"\n      ? decide(order, event, origin)',
      },
    ],
    world: "worker with replays",
    provokedBy: "old-letters-replayed",
  },
  {
    name: "replay-has-no-outcome",
    breaks: "A replay has its effect once, however often its record is delivered or published.",
    edits: [
      {
        file: "order/worker/plan-batch.ts",
        find: "  const settled = [...settle.values()];",
        replace: "  const settled = [...settle.values()].slice(1);",
      },
    ],
    world: "worker with replays",
    provokedBy: "old-letters-replayed",
  },
];
