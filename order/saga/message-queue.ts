// The messages of one outbox that are in memory and not published: by number, without gaps. What does not follow on (another
// instance appended in between, or two saves answered in the other order) is not kept: it is in the store, to be read.
import type { OutboxRow, OutgoingMessage } from "./store/saga-store.ts";

export type QueuedMessage = Omit<OutboxRow, "createdAtMs">;

export interface MessageQueue {
  /** Just saved by this process. */
  addSaved(firstSeq: number, messages: readonly OutgoingMessage[]): void;
  /** Read from the store after `lastSeq`. `isAll`: the store has no more. */
  addStored(rows: readonly OutboxRow[], isAll: boolean): void;
  /** The oldest ones, at most `limit` and about 4 MB; they stay. */
  peek(limit: number): readonly QueuedMessage[];
  dropThrough(seq: number): void;
  /** Takes the place of the message with its number. */
  replace(message: QueuedMessage): void;
  /** There may be messages that are not in memory. */
  lookInStore(): void;
  /** Of the last message that is in memory, or was. */
  readonly lastSeq: number;
  readonly length: number;
  /** Whether the store is known to have more. */
  readonly isBehind: boolean;
}

const maxQueued = 10_000;
const maxBytes = 4 * 1024 * 1024;

export function createMessageQueue(): MessageQueue {
  let queue: QueuedMessage[] = [];
  let lastSeq = 0;
  let isBehind = false;
  /** Counts up when something was offered and not kept: a read that began before may not have seen it. */
  let refused = 0;
  let refusedBefore = 0;

  return {
    addSaved(firstSeq, messages) {
      const beyond = firstSeq + messages.length - 1;
      if (beyond <= lastSeq) return;
      if (firstSeq !== lastSeq + 1 || isBehind || queue.length + messages.length > maxQueued) {
        isBehind = true;
        refused += 1;
        return;
      }
      messages.forEach((message, index) => queue.push({ ...message, seq: firstSeq + index }));
      lastSeq = beyond;
    },
    addStored(rows, isAll) {
      for (const row of rows) {
        if (row.seq <= lastSeq) continue;
        queue.push(row);
        lastSeq = row.seq;
      }
      // One more look when something came that this read may have missed.
      if (isAll && refused === refusedBefore) isBehind = false;
      refusedBefore = refused;
    },
    peek(limit) {
      let bytes = 0;
      const first = queue.slice(0, limit);
      const end = first.findIndex(({ key, value }) => (bytes += key.length + value.length) > maxBytes);
      return end < 0 ? first : first.slice(0, Math.max(1, end));
    },
    dropThrough(seq) {
      lastSeq = Math.max(lastSeq, seq);
      if (queue.length > 0) queue = queue.filter((message) => message.seq > seq);
    },
    replace(message) {
      queue = queue.map((queued) => (queued.seq === message.seq ? message : queued));
    },
    lookInStore() {
      isBehind = true;
    },
    get lastSeq() {
      return lastSeq;
    },
    get length() {
      return queue.length;
    },
    get isBehind() {
      return isBehind;
    },
  };
}
