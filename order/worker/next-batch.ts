// The batch after the one that is being written: taken and decided meanwhile, so that the store need not wait for it. It is
// worth nothing unless the batch before was written as it was planned; then its records go back where they came from.
import type { BatchRun } from "./batch-run.ts";
import { type DeliveredItem, resolveSchemas } from "./read-items.ts";
import type { RecordReader } from "./record-reader.ts";
import type { BatchPlan } from "./plan-batch.ts";
import type { BatchDraft } from "./write-batch.ts";

export interface NextBatch {
  /** `before` is being written: takes what comes after it, when that is worth it, and begins to decide it. */
  begin(before: BatchPlan): void;
  /** More records have come. */
  goOn(): void;
  /**
   * `written` is what the store has now; undefined when that is not known, or not the whole batch. Resolves when nothing is
   * under way any more, and never rejects: what could not be decided is decided in its own turn.
   */
  settle(written: BatchPlan | undefined): Promise<void>;
  /** What was taken, and what it does if that is still true. It is nobody's afterwards. */
  release(): { readonly items: readonly DeliveredItem[]; readonly draft: BatchDraft | undefined };
  /** Records taken. */
  readonly length: number;
}

export interface NextBatchOptions {
  /** New records in the order of their effect; none when it would not be worth it. */
  readonly take: () => readonly DeliveredItem[];
  readonly reader: RecordReader;
  readonly draft: BatchRun["draft"];
}

interface Drafted {
  readonly items: readonly DeliveredItem[];
  readonly before: BatchPlan;
  /** Claims of the items' partitions as they were taken. */
  readonly epochs: readonly number[];
  draft: BatchDraft | undefined;
}

export function createNextBatch({ take, reader, draft }: NextBatchOptions): NextBatch {
  let next: Drafted | undefined;
  let deciding: Promise<void> = Promise.resolve();
  let saving: BatchPlan | undefined;

  async function decide(drafted: Drafted): Promise<void> {
    const items = await resolveSchemas(reader, drafted.items);
    drafted.draft = await draft(items, drafted.before);
  }

  function goOn(): void {
    if (next !== undefined || saving === undefined) return;
    const items = take();
    if (items.length === 0) return;
    const epochs = items.map(({ partition }) => partition.epoch);
    next = { items, before: saving, epochs, draft: undefined };
    // Away or surprising: it will be so again in its own turn, and is told there.
    deciding = decide(next).catch(() => undefined);
  }

  return {
    begin(before) {
      // What failed, or was parked before, changes more than orders.
      saving =
        before.allDone && before.unpark.length === 0 && before.settle.length === 0 ? before : undefined;
      goOn();
    },
    goOn,
    async settle(written) {
      saving = undefined;
      await deciding;
      if (next !== undefined && next.before !== written) next.draft = undefined;
    },
    release() {
      if (next === undefined) return { items: [], draft: undefined };
      const { items, epochs, draft: decided } = next;
      next = undefined;
      const isAsTaken = items.every(
        ({ partition: { state, epoch, nextOffset }, record }, index) =>
          state === "claimed" && epoch === epochs[index] && record.offset >= nextOffset,
      );
      return { items, draft: isAsTaken ? decided : undefined };
    },
    get length() {
      return next?.items.length ?? 0;
    },
  };
}
