// The simulated world's only source of progress: tasks at simulated times, those of one instant in an order that the seed
// chooses. Microtasks run after most tasks, but not after all: so answers can come together in one turn, as they do in a
// real process.
import { drainMicrotasks } from "bun:jsc";
import type { Random } from "./random.ts";
import { Violation } from "./violation.ts";

export interface EventLoop {
  readonly nowMs: number;
  /** The answer cancels it. */
  after(delayMs: number, action: () => void): () => void;
  /** Runs until `isDone` (asked when nothing is half-way) or `endMs`; answers whether it is done. */
  runUntil(isDone: () => boolean, endMs: number): boolean;
}

interface Task {
  readonly atMs: number;
  readonly tie: number;
  action: (() => void) | undefined;
}

/** More tasks at one instant are a loop that waits for nothing. */
const maxTasksOfInstant = 3000;
const sameTurnChance = 0.3;

export function createEventLoop(random: Random, startMs: number): EventLoop {
  /** A binary heap, the earliest first. */
  const heap: Task[] = [];
  let nowMs = startMs;
  let tasksOfInstant = 0;

  const isBefore = (a: Task, b: Task) => a.atMs < b.atMs || (a.atMs === b.atMs && a.tie < b.tie);

  function push(task: Task): void {
    let index = heap.length;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || !isBefore(task, parent)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = task;
  }

  function pop(): Task | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      const left = heap[index * 2 + 1];
      const right = heap[index * 2 + 2];
      if (left === undefined) break;
      const takesRight = right !== undefined && isBefore(right, left);
      const child = takesRight ? right : left;
      if (!isBefore(child, last)) break;
      heap[index] = child;
      index = index * 2 + (takesRight ? 2 : 1);
    }
    heap[index] = last;
    return first;
  }

  function runNext(endMs: number): boolean {
    const task = pop();
    if (task === undefined) return false;
    if (task.atMs > endMs) {
      push(task);
      return false;
    }
    if (task.action === undefined) return true;
    tasksOfInstant = task.atMs > nowMs ? 1 : tasksOfInstant + 1;
    if (tasksOfInstant > maxTasksOfInstant)
      throw new Violation("busy loop: thousands of steps at one instant");
    nowMs = Math.max(nowMs, task.atMs);
    task.action();
    return true;
  }

  return {
    get nowMs() {
      return nowMs;
    },
    after(delayMs, action) {
      const task: Task = { atMs: nowMs + Math.max(0, delayMs), tie: random.next(), action };
      push(task);
      return () => {
        task.action = undefined;
      };
    },
    runUntil(isDone, endMs) {
      drainMicrotasks();
      while (!isDone()) {
        if (!runNext(endMs)) {
          nowMs = Math.max(nowMs, Math.min(endMs, heap[0]?.atMs ?? endMs));
          drainMicrotasks();
          return isDone();
        }
        const next = heap[0];
        if (next === undefined || next.atMs > nowMs || !random.chance(sameTurnChance)) drainMicrotasks();
        else if (runNext(endMs)) drainMicrotasks();
      }
      return true;
    },
  };
}
