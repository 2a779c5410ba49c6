import { expect, test } from "bun:test";
import { createSharedTimer } from "./shared-timer.ts";

function createStage() {
  let nowMs = 0;
  const started: { readonly atMs: number; readonly fire: () => void }[] = [];
  const timer = createSharedTimer(
    (delayMs, fire) => started.push({ atMs: nowMs + delayMs, fire }),
    () => nowMs,
  );
  function moveTo(ms: number): void {
    for (;;) {
      const next = started.toSorted((one, another) => one.atMs - another.atMs)[0];
      if (next === undefined || next.atMs > ms) break;
      started.splice(started.indexOf(next), 1);
      nowMs = next.atMs;
      next.fire();
    }
    nowMs = ms;
  }
  return { timer, started, moveTo };
}

test("each fires at its own time, those of one delay in the order in which they began", () => {
  const { timer, moveTo } = createStage();
  const fired: string[] = [];
  timer.after(100, () => fired.push("first"));
  timer.after(30, () => fired.push("short"));
  moveTo(10);
  timer.after(100, () => fired.push("second"));
  moveTo(99);
  expect(fired).toEqual(["short"]);
  moveTo(109);
  expect(fired).toEqual(["short", "first"]);
  moveTo(110);
  expect(fired).toEqual(["short", "first", "second"]);
});

test("what is taken back never fires, whether or not others of its delay do", () => {
  const { timer, moveTo } = createStage();
  const fired: string[] = [];
  const cancelFirst = timer.after(100, () => fired.push("first"));
  moveTo(50);
  timer.after(100, () => fired.push("second"));
  cancelFirst();
  moveTo(120);
  expect(fired).toEqual([]);
  moveTo(150);
  expect(fired).toEqual(["second"]);
});

test("what fires may begin again and take back another that is due", () => {
  const { timer, moveTo } = createStage();
  const fired: string[] = [];
  timer.after(100, () => {
    fired.push("first");
    cancelSecond();
    timer.after(100, () => fired.push("again"));
  });
  const cancelSecond = timer.after(100, () => fired.push("second"));
  moveTo(100);
  expect(fired).toEqual(["first"]);
  moveTo(200);
  expect(fired).toEqual(["first", "again"]);
});

test("a thousand that are taken back cost one timer of the platform's, and leave none", () => {
  const { timer, started, moveTo } = createStage();
  for (let count = 0; count < 1000; count += 1) timer.after(8000, () => undefined)();
  expect(started.length).toBe(1);
  moveTo(10_000);
  expect(started.length).toBe(0);
});
