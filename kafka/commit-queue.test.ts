import { describe, expect, test } from "bun:test";
import type { NativeOffset } from "./binding.ts";
import { createCommitQueue } from "./commit-queue.ts";
import type { NextOffset } from "./record.ts";

const at = (partition: number, nextOffset: number): NextOffset => ({ topic: "t", partition, nextOffset });

function openQueue(timeoutMs = 60_000, code = 0) {
  const sent: (readonly NativeOffset[])[] = [];
  const queue = createCommitQueue({
    timeoutMs,
    send(offsets) {
      sent.push(offsets);
      return code;
    },
  });
  const sizes = (): readonly string[] =>
    sent.map((offsets) => offsets.map(({ partition, offset }) => `${partition}:${offset}`).join(" "));
  const answer = (errorCode?: number): void => queue.onAnswer(errorCode, sent.at(-1) ?? []);
  return { queue, sent, sizes, answer };
}

describe("the queue of commits", () => {
  test("one request is on its way at a time; what is asked meanwhile goes together, the last of a partition wins", async () => {
    const { queue, sizes, answer } = openQueue();
    const first = queue.commit([at(0, 1)]);
    const second = queue.commit([at(0, 2), at(1, 7)]);
    const third = queue.commit([at(0, 3)]);
    expect(sizes()).toEqual(["0:1"]);
    answer();
    expect(await first).toEqual({ ok: true });
    expect(sizes()).toEqual(["0:1", "0:3 1:7"]);
    answer();
    expect(await Promise.all([second, third])).toEqual([{ ok: true }, { ok: true }]);
  });

  test("an answer to something else is no answer", async () => {
    const { queue, answer } = openQueue();
    let answered = false;
    const waiting = queue.commit([at(0, 5)]).then(() => {
      answered = true;
    });
    queue.onAnswer(undefined, [{ topic: "t", partition: 0, offset: 4 }]);
    queue.onAnswer(undefined, [{ topic: "other", partition: 0, offset: 5 }]);
    queue.onAnswer(undefined, []);
    await Promise.resolve();
    expect(answered).toBe(false);
    answer();
    await waiting;
    expect(answered).toBe(true);
  });

  test.each([
    [22, "fenced"],
    [25, "fenced"],
    [82, "fenced"],
    [-142, "fenced"],
    [16, "unavailable"],
    [27, "unavailable"],
    [-195, "unavailable"],
  ] as const)("error code %d is told as %s", async (code, kind) => {
    const { queue, answer } = openQueue();
    const outcome = queue.commit([at(0, 1)]);
    answer(code);
    expect(await outcome).toEqual({ ok: false, failure: { kind, code } });
  });

  test("a request that the client does not take fails, and the next one is tried", async () => {
    const { queue, sent } = openQueue(60_000, -172);
    const outcomes = await Promise.all([queue.commit([at(0, 1)]), queue.commit([at(0, 2)])]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([false, false]);
    expect(sent.length).toBe(2);
  });

  test("without an answer a commit fails in time, and its late answer is not taken for the next one's", async () => {
    const { queue, sent, answer } = openQueue(1);
    expect(await queue.commit([at(0, 1)])).toEqual({
      ok: false,
      failure: { kind: "unavailable", code: -185 },
    });
    const next = queue.commit([at(0, 2)]);
    queue.onAnswer(undefined, sent[0] ?? []);
    answer(22);
    expect(await next).toMatchObject({ ok: false, failure: { code: 22 } });
  });

  test("closing answers everything that waits, and everything later", async () => {
    const { queue } = openQueue();
    const waiting = [queue.commit([at(0, 1)]), queue.commit([at(0, 2)])];
    queue.close();
    const outcomes = await Promise.all([...waiting, queue.commit([at(0, 3)])]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([false, false, false]);
  });

  test("nothing to commit is a success without a request", async () => {
    const { queue, sent } = openQueue();
    expect(await queue.commit([])).toEqual({ ok: true });
    expect(sent).toEqual([]);
  });
});
