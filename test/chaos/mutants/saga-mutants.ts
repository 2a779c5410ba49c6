// Defects of system C: the outbox, the join of decisions, their deadlines.
import type { Mutant } from "./mutant.ts";
import type { Provocation } from "./provocation.ts";

export const sagaMutants: readonly Mutant<Provocation>[] = [
  {
    name: "result-outside-the-transaction",
    breaks: "What a decision asks to be published is stored in the decision's own transaction.",
    edits: [
      {
        file: "order/saga/saga-writer.ts",
        find: "      changes,\n      messages: outgoing,\n",
        replace: "      changes,\n      messages: [],\n",
      },
      {
        file: "order/saga/saga-writer.ts",
        find: "    const { lastSeq } = saved;\n",
        replace: `    const mailed = await store.save({ progress: [], changes: [], messages: outgoing, outbox: outbox.id, counted: {} });
    if (mailed.kind !== "saved") return mailed;
    const { lastSeq } = mailed;
`,
      },
    ],
    world: "sagas",
    provokedBy: "saga-killed-after-save",
  },
  {
    name: "outbox-row-gone-before-publish",
    breaks: "A message leaves the outbox when its topic has it.",
    edits: [
      {
        file: "order/saga/outbox-lane.ts",
        find: "    const outcome = await publisher.publishAll(rows.map((row) => toRecord(row)));\n",
        replace: `    await store.settleOutbox(id, rows.at(-1)?.seq ?? publishedSeq, Object.fromEntries(ends));
    const outcome = await publisher.publishAll(rows.map((row) => toRecord(row)));
`,
      },
    ],
    world: "sagas",
    provokedBy: "saga-killed-while-publishing",
  },
  {
    name: "predecessor-not-read-back",
    breaks: "Who takes an outbox over publishes nothing that is on its topic already.",
    edits: [
      {
        file: "order/saga/outbox-lane.ts",
        find: "    advance(Math.max(state.publishedSeq, highestSeq), nextOffsets);",
        replace: "    advance(Math.max(state.publishedSeq, Math.min(highestSeq, 0)), nextOffsets);",
      },
    ],
    world: "sagas",
    provokedBy: "saga-killed-after-publish",
  },
  {
    name: "decision-settled-before-save",
    breaks: "A decision is settled when the store has it.",
    edits: [
      {
        file: "order/saga/saga-worker.ts",
        find: "      const items = await resolveDecisions(reader, fresh);\n",
        replace: "      const items = await resolveDecisions(reader, fresh);\n      settle(items);\n",
      },
    ],
    world: "sagas",
    provokedBy: "saga-store-locked",
  },
  {
    name: "duplicate-decision-counts-twice",
    breaks: "The first decision of a side counts, and its copies change nothing.",
    edits: [
      {
        file: "order/saga/domain/transitions.ts",
        find: "  if (kept !== null) return repeat(saga, decision, nowMs);\n",
        replace: '  if (kept !== null && kept.state !== "joined") return repeat(saga, decision, nowMs);\n',
      },
    ],
    world: "sagas",
    provokedBy: "saga-decisions-by-hand",
  },
  {
    name: "late-decision-dropped",
    breaks: "A decision outside the window is a dead letter, and not forgotten.",
    edits: [
      {
        file: "order/saga/domain/transitions.ts",
        find: '    effects: [letterOf(decision, reason, message), ...counted(["late", ...early])],',
        replace:
          '    effects: message === "" ? [letterOf(decision, reason, message)] : counted(["late", ...early]),',
      },
    ],
    world: "sagas",
    provokedBy: "saga-decisions-by-hand",
  },
  {
    name: "rollback-names-the-other-side",
    breaks: "A rollback names the side that refused.",
    edits: [
      {
        file: "order/saga/domain/outcome.ts",
        find: 'source: payment.answer === "REJECT" ? "PAYMENT" : "INVENTORY"',
        replace: 'source: payment.answer === "REJECT" ? "INVENTORY" : "PAYMENT"',
      },
    ],
    world: "sagas",
    provokedBy: "saga-decisions-by-hand",
  },
  {
    name: "window-by-arrival",
    breaks: "Two decisions join by the time between them, and not by when they happen to be read.",
    edits: [
      {
        file: "order/saga/domain/transitions.ts",
        find: "  return Math.abs(left.eventTimeMs - right.eventTimeMs) <= windowMs;",
        replace: "  return Math.abs(left.receivedAtMs - right.receivedAtMs) <= windowMs;",
      },
    ],
    world: "sagas",
    provokedBy: "saga-decisions-by-hand",
  },
  {
    name: "deadline-only-with-traffic",
    breaks: "A decision whose partner never comes is a dead letter in time, also when nothing else happens.",
    edits: [
      {
        file: "order/saga/deadline-watch.ts",
        find: "      lookAt(Math.min(clock.nowMs() + lookIntervalMs, ...looks));",
        replace: "      nextLookMs = clock.nowMs() + lookIntervalMs;",
      },
    ],
    world: "sagas",
    provokedBy: "saga-decisions-by-hand",
  },
];
