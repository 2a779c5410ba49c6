import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createMessageQueue, type MessageQueue } from "./message-queue.ts";
import type { OutboxRow } from "./store/saga-store.ts";

const message = (seq: number) => ({
  topic: "orders",
  key: Buffer.from("k"),
  value: Buffer.from(String(seq)),
  headers: [],
  orderId: null,
});
const row = (seq: number): OutboxRow => ({ ...message(seq), seq, createdAtMs: 0 });
const seqs = (queue: MessageQueue) => queue.peek(1000).map(({ seq }) => seq);

describe("the messages in memory", () => {
  test("are published straight from memory when they follow on", () => {
    const queue = createMessageQueue();
    queue.addSaved(1, [message(1), message(2)]);
    queue.addSaved(3, [message(3)]);
    expect(seqs(queue)).toEqual([1, 2, 3]);
    expect(queue.isBehind).toBe(false);
    queue.dropThrough(2);
    expect(seqs(queue)).toEqual([3]);
  });

  test("have no gap: what another instance appended in between is read from the store", () => {
    const queue = createMessageQueue();
    queue.addSaved(1, [message(1)]);
    queue.addSaved(3, [message(3)]);
    expect(seqs(queue)).toEqual([1]);
    expect(queue.isBehind).toBe(true);
    queue.addStored([row(2), row(3)], true);
    expect(seqs(queue)).toEqual([1, 2, 3]);
  });

  test("are looked for once more when something came that a read may have missed", () => {
    const queue = createMessageQueue();
    queue.lookInStore();
    queue.addSaved(2, [message(2)]);
    queue.addStored([], true);
    expect(queue.isBehind).toBe(true);
    queue.addStored([row(1), row(2)], true);
    expect(queue.isBehind).toBe(false);
  });

  test("go out at most some megabytes at once, and always one", () => {
    const queue = createMessageQueue();
    const large = { ...message(0), value: Buffer.alloc(3 * 1024 * 1024) };
    queue.addSaved(1, [large, large, large]);
    expect(seqs(queue)).toEqual([1]);
    queue.dropThrough(2);
    expect(seqs(queue)).toEqual([3]);
  });

  test("come out once each and in order, however offers, reads and publishing interleave", () => {
    const step = fc.constantFrom("save", "foreign", "tell", "read", "publish");
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = createMessageQueue();
        const stored: number[] = [];
        let untold: number[] = [];
        const published: number[] = [];
        const publish = () => {
          for (const seq of seqs(queue)) published.push(seq);
          queue.dropThrough(published.at(-1) ?? 0);
        };
        for (const what of steps) {
          const next = stored.length + 1;
          if (what === "save" || what === "foreign") stored.push(next);
          if (what === "save") untold.push(next);
          if (what === "tell") {
            for (const seq of untold.toReversed()) queue.addSaved(seq, [message(seq)]);
            untold = [];
          }
          if (what === "read" && queue.length === 0)
            queue.addStored(stored.filter((seq) => seq > queue.lastSeq).map(row), true);
          if (what === "publish") publish();
        }
        publish();
        queue.addStored(stored.filter((seq) => seq > queue.lastSeq).map(row), true);
        publish();
        expect(published).toEqual(stored);
      }),
    );
  });
});
