// Asks the client for records, one call at a time: at once when it says that there are some or when the last call brought
// some, else now and then. Work that moves positions runs between two calls, so a call never spans it.

export interface PollLoop {
  /** There may be something to take. */
  wake(): void;
  /** The call that is out has come back, and its records are handed over: how many there were. */
  done(count: number): void;
  /** Runs the task when no call is out, at once if possible; the next call waits for it. */
  between(task: () => void): void;
  /** When a call last went out; on performance.now()'s clock. */
  readonly polledAtMs: number;
  /** No call goes out any more; resolves when the last one has come back. Tasks still run. */
  stop(): Promise<void>;
}

export interface PollLoopOptions {
  /** Sends a call out, after which `done` is called once. Must not throw. */
  readonly ask: () => void;
  /** Must not throw. */
  readonly onTaskError: (error: unknown) => void;
  /** Milliseconds between calls when nobody wakes it. */
  readonly intervalMs: number;
}

export function createPollLoop({ ask, onTaskError, intervalMs }: PollLoopOptions): PollLoop {
  let asking = false;
  let askAgain = false;
  let stopped = false;
  let polledAtMs = Number.NEGATIVE_INFINITY;
  let tasks: (() => void)[] = [];
  let onLastCall: (() => void) | null = null;

  function poll(): void {
    if (asking) {
      askAgain = true;
      return;
    }
    if (stopped) return;
    asking = true;
    askAgain = false;
    polledAtMs = performance.now();
    ask();
  }

  function done(count: number): void {
    asking = false;
    // After the records of this call, before those of the next.
    const due = tasks;
    tasks = [];
    for (const task of due) run(task);
    if (stopped) onLastCall?.();
    else if (count > 0 || askAgain) poll();
  }

  function run(task: () => void): void {
    try {
      task();
    } catch (error) {
      onTaskError(error);
    }
  }

  const timer = setInterval(poll, intervalMs);
  return {
    wake: poll,
    done,
    between(task) {
      if (asking) tasks.push(task);
      else run(task);
    },
    get polledAtMs() {
      return polledAtMs;
    },
    stop() {
      stopped = true;
      clearInterval(timer);
      if (!asking) return Promise.resolve();
      return new Promise((resolve) => {
        onLastCall = resolve;
      });
    },
  };
}
