// What has come in, until a batch takes it: new records in the order of their delivery, the batch that is taken ahead of its
// turn, and parked records whose time has come. Whatever is given back goes where it came from, so nothing overtakes it.
import type { BatchRun } from "./batch-run.ts";
import type { DueItems } from "./due-items.ts";
import { createInbox } from "./inbox.ts";
import { createNextBatch } from "./next-batch.ts";
import { type AssignedPartition, isClaimed, type RecordDelivery } from "./partition.ts";
import type { BatchPlan } from "./plan-batch.ts";
import { type DeliveredItem, isDelivered, type TakenItem } from "./read-items.ts";
import type { RecordReader } from "./record-reader.ts";
import type { BatchDraft } from "./write-batch.ts";

export interface Taken {
  readonly due: readonly TakenItem[];
  readonly fresh: readonly DeliveredItem[];
  /** What the fresh ones do, decided already; there are no others then. */
  readonly draft?: BatchDraft;
}

export interface Intake {
  push(item: DeliveredItem): void;
  /** More records have come: they may be enough for a batch ahead. */
  goOn(): void;
  /** Forgets the records of partitions that are not ours any more. */
  dropForeign(): void;
  /** What is due and what is new. Throws what the store throws; then nothing was taken. */
  takeBatch(): Promise<Taken>;
  /** One record. Throws what the store throws; then nothing was taken. */
  takeProbe(): Promise<Taken>;
  /** What was taken is being written as this. */
  begin(plan: BatchPlan): void;
  /**
   * The batch that was taken has ended. `written` is what the store has of it, when it was written whole; `back` are those of
   * its records that were not tried. Waits for what is being decided ahead.
   */
  end(written: BatchPlan | undefined, back: readonly TakenItem[]): Promise<void>;
  /** Records in memory that no batch has. */
  readonly unread: number;
  /** Records that were delivered although the store had them. */
  readonly redelivered: number;
}

export interface IntakeOptions {
  readonly reader: RecordReader;
  readonly dueItems: Pick<DueItems, "take">;
  readonly owned: ReadonlyMap<string, AssignedPartition>;
  readonly draft: BatchRun["draft"];
  /** Records of one batch. */
  readonly batchSize: () => number;
  /** Whether anything may be decided ahead now. */
  readonly mayGoAhead: () => boolean;
  /** Records of these partitions were settled, because the store has them already. */
  readonly onRepeated: (partitions: ReadonlySet<AssignedPartition>) => void;
}

/** How full the next batch has to be for being decided while one is written: a store takes full ones for less. */
const aheadShare = 0.9;

export function createIntake(options: IntakeOptions): Intake {
  const { reader, dueItems, owned, draft, batchSize, mayGoAhead, onRepeated } = options;
  const inbox = createInbox();
  const next = createNextBatch({
    // A small one is not worth it: more will have come when its turn does.
    take: () => (inbox.length >= batchSize() * aheadShare && mayGoAhead() ? takeFresh(batchSize()) : []),
    reader,
    draft,
  });
  let redelivered = 0;

  const takeDue = (limit: number) => dueItems.take([...owned.values()].filter(isClaimed), limit);

  function takeFresh(limit: number): DeliveredItem[] {
    const fresh: DeliveredItem[] = [];
    const settled: RecordDelivery[] = [];
    // What the store has already is settled without a word; so one take may yield less than it took.
    while (fresh.length < limit) {
      const taken = inbox.take(limit - fresh.length);
      if (taken.length === 0) break;
      for (const item of taken) {
        const { partition, record, delivery } = item;
        if (record.offset >= partition.nextOffset) {
          fresh.push(item);
          continue;
        }
        redelivered += 1;
        delivery.settled = true;
        settled.push(delivery);
      }
    }
    if (settled.length > 0) onRepeated(new Set(settled.map(({ partition }) => partition)));
    return fresh;
  }

  function putBack(items: readonly TakenItem[]): void {
    inbox.putBack(items.filter(isDelivered));
  }

  return {
    push: (item) => inbox.push(item),
    goOn: () => next.goOn(),
    dropForeign: () => inbox.dropForeign(),
    async takeBatch() {
      const due = await takeDue(batchSize());
      const { items, draft: decided } = next.release();
      if (decided !== undefined && due.length === 0) return { due, fresh: items, draft: decided };
      putBack(items);
      return { due, fresh: takeFresh(Math.max(0, batchSize() - due.length)) };
    },
    // New records before those that failed already: of these, each may be one that will always fail.
    async takeProbe() {
      putBack(next.release().items);
      const fresh = takeFresh(1);
      return { due: fresh.length > 0 ? [] : await takeDue(1), fresh };
    },
    begin: (plan) => next.begin(plan),
    async end(written, back) {
      await next.settle(written);
      // What was taken after them goes in behind them.
      if (written === undefined) putBack(next.release().items);
      putBack(back);
    },
    get unread() {
      return inbox.length + next.length;
    },
    get redelivered() {
      return redelivered;
    },
  };
}
