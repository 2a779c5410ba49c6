import { afterEach, describe, expect, test } from "bun:test";
import { createPollLoop, type PollLoop } from "./poll-loop.ts";

const never = 1_000_000;
let loop: PollLoop | undefined;
afterEach(() => {
  void loop?.stop();
});

/** Calls come back when the test says so. */
function openLoop(intervalMs = never) {
  const errors: unknown[] = [];
  let calls = 0;
  const opened = createPollLoop({
    intervalMs,
    onTaskError: (error) => errors.push(error),
    ask: () => {
      calls += 1;
    },
  });
  loop = opened;
  return {
    loop: opened,
    errors,
    calls: () => calls,
    comeBack: (count: number): void => opened.done(count),
  };
}

describe("the poll loop", () => {
  test("one call is out at a time, and a wake-up meanwhile is not lost", () => {
    const { loop, calls, comeBack } = openLoop();
    loop.wake();
    loop.wake();
    expect(calls()).toBe(1);
    comeBack(0);
    expect(calls()).toBe(2);
    comeBack(0);
    expect(calls()).toBe(2);
  });

  test("it asks again at once after a call that brought something, and rests after one that did not", () => {
    const { loop, calls, comeBack } = openLoop();
    loop.wake();
    comeBack(5);
    expect(calls()).toBe(2);
    comeBack(0);
    expect(calls()).toBe(2);
  });

  test("it asks now and then by itself", async () => {
    const { calls } = openLoop(1);
    while (calls() === 0) await new Promise(setImmediate);
    expect(calls()).toBe(1);
  });

  test("work in between waits for the call that is out and goes before the next one; one that throws stops nothing", () => {
    const { loop, calls, comeBack, errors } = openLoop();
    const done: string[] = [];
    loop.between(() => done.push("at once"));
    loop.wake();
    loop.between(() => {
      throw new Error("refused");
    });
    loop.between(() => done.push(`after call ${calls()}`));
    expect(done).toEqual(["at once"]);
    comeBack(1);
    expect(done).toEqual(["at once", "after call 1"]);
    expect(errors.length).toBe(1);
    expect(calls()).toBe(2);
  });

  test("stopping waits for the call that is out; no other follows, and its work is done", async () => {
    const { loop, calls, comeBack } = openLoop();
    const done: string[] = [];
    loop.wake();
    loop.between(() => done.push("work"));
    const stopped = loop.stop().then(() => done.push("stopped"));
    await Promise.resolve();
    expect(done).toEqual([]);
    comeBack(3);
    await stopped;
    loop.wake();
    expect(done).toEqual(["work", "stopped"]);
    expect(calls()).toBe(1);
    await loop.stop();
  });
});
