// Defects of what is committed when, of who may write, and of what is read again.
import type { Edit, Mutant } from "./mutant.ts";
import type { Provocation } from "./provocation.ts";

export const workerMutants: readonly Mutant<Provocation>[] = [
  {
    name: "commit-before-store",
    breaks: "Offsets are committed only when the store has what is before them.",
    edits: [
      {
        file: "order/worker/worker.ts",
        find: "      const items = await resolveSchemas(reader, taken);\n",
        replace: `      const items = await resolveSchemas(reader, taken);
      for (const { delivery } of items) if (delivery !== null) delivery.settled = true;
      requestCommits(partitionsOf(items));
`,
      },
    ],
    world: "worker",
    provokedBy: "store-locked",
  },
  {
    name: "commit-on-revoke-of-unsettled",
    breaks: "A partition that is given away is committed only as far as it is settled.",
    edits: [
      {
        file: "order/worker/worker.ts",
        find: "          await loop.attemptEnd;\n          await committer.flush(leaving);",
        replace: `          await loop.attemptEnd;
          for (const { tracker, nextOffset } of leaving) tracker.skipTo(nextOffset + tracker.unsettled);
          await committer.flush(leaving);`,
      },
    ],
    world: "worker",
    provokedBy: "stopped-with-unread",
  },
  {
    name: "commit-does-not-wait-for-letters",
    breaks: "The offset of a dead record moves only when the broker has its letter.",
    edits: [
      {
        file: "order/worker/batch-run.ts",
        find: `        if (end.kind === "dead") partition.dying.set(record.offset, delivery);
        else delivery.settled = true;`,
        replace: `        delivery.settled = true;`,
      },
    ],
    world: "worker",
    provokedBy: "letters-refused",
  },
  {
    name: "commit-of-the-last-offset",
    breaks: "What is committed is the offset after the settled prefix.",
    edits: [
      {
        file: "order/worker/offset-tracker.ts",
        find: "      next = Math.max(next ?? 0, first.offset + 1);",
        replace: "      next = Math.max(next ?? 0, first.offset);",
      },
    ],
    world: "worker",
    provokedBy: "nothing",
  },
  {
    name: "no-fencing",
    breaks: "A worker whose partition was claimed by another writes nothing more for it.",
    // Of large batches, and of small ones.
    edits: [
      withoutFence("order/store/postgres-claim-statements.ts"),
      withoutFence("order/store/postgres-small-batch.ts"),
    ],
    provokedBy: "claim-taken-while-deciding",
    because: "The simulator has a store of its own, whose fence its suite takes away.",
  },
  {
    name: "claims-are-not-counted",
    breaks: "Each claim makes the ones before it worthless.",
    edits: [
      {
        file: "order/store/postgres-claim-statements.ts",
        find: "do update set epoch = claims.epoch + 1",
        replace: "do update set epoch = claims.epoch",
      },
    ],
    provokedBy: "claim-taken-while-deciding",
    because: "The simulator has a store of its own.",
  },
  {
    name: "progress-not-stored",
    breaks: "How far a source has come is stored with the effects.",
    edits: [
      {
        file: "order/worker/write-batch.ts",
        find: "    if (delivery !== null) nextOffsets.set(partition, record.offset + 1);\n    else if (!nextOffsets.has(partition)) nextOffsets.set(partition, null);",
        replace:
          "    if (delivery !== null || record.offset >= 0) nextOffsets.set(partition, nextOffsets.get(partition) ?? null);",
      },
    ],
    world: "worker",
    provokedBy: "offsets-forgotten",
  },
  {
    name: "stored-progress-ignored",
    breaks:
      "After a restart everything before the stored progress has had its effect, whatever the broker delivers.",
    edits: [
      {
        file: "order/worker/worker.ts",
        find: "        startAt: startAtProgress((sources) => store.readProgress(sources), sourceOf),",
        replace: "        startAt: startAtProgress(() => Promise.resolve(new Map()), sourceOf),",
      },
      {
        file: "order/worker/partition.ts",
        find: "  partition.nextOffset = nextOffset ?? 0;",
        replace: "  partition.nextOffset = 0;",
      },
      {
        file: "order/worker/partition.ts",
        find: "  if (nextOffset !== null) partition.tracker.skipTo(nextOffset);\n",
        replace: "",
      },
    ],
    world: "worker",
    provokedBy: "offsets-forgotten",
  },
  {
    name: "redelivered-has-a-second-effect",
    breaks: "A record that is delivered again although the store has it has no second effect.",
    edits: [
      {
        file: "order/worker/intake.ts",
        find: "        if (record.offset >= partition.nextOffset) {",
        replace: "        if (record.offset >= 0 || partition.nextOffset > 0) {",
      },
      {
        file: "order/worker/worker.ts",
        find: "        startAt: startAtProgress((sources) => store.readProgress(sources), sourceOf),",
        replace: "        startAt: startAtProgress(() => Promise.resolve(new Map()), sourceOf),",
      },
    ],
    world: "worker",
    provokedBy: "offsets-forgotten",
  },
];

function withoutFence(file: string): Edit {
  return {
    file,
    find: "claims.source = record.source and claims.epoch = record.epoch",
    replace: "claims.source = record.source and claims.epoch >= record.epoch",
  };
}
