// A thread of its own for what takes time: batches are saved there, disk and all, while this one reads the next records
// and decides them. Its connection is beside this one's, and a batch that was saved there is seen here at once.
import { Worker } from "node:worker_threads";
import type { BatchWrite, OrderChange, SaveOutcome } from "./order-store.ts";
import { StoreUnavailable } from "./store-unavailable.ts";
import { type SqliteRowsText, toRowsText, toSqliteRows } from "./sqlite-rows.ts";
import { prepareChanges, prepareRows, type WritableRows } from "./writable-batch.ts";

/** What is many travels as text: an order costs a tenth of what a copy of its objects would. */
export type ThreadRequest =
  | { readonly kind: "save"; readonly orders: SqliteRowsText; readonly rows: WritableRows }
  | { readonly kind: "close" };

export type ThreadAnswer =
  | { readonly kind: "saved"; readonly outcome: SaveOutcome }
  | { readonly kind: "closed" }
  | { readonly kind: "unavailable"; readonly message: string; readonly cause: string }
  /** A bug. */
  | { readonly kind: "failed"; readonly message: string };

export interface SqliteThread {
  /** Writes the text that `save` hands over, ahead of time. */
  stage(changes: readonly OrderChange[]): void;
  save(batch: BatchWrite): Promise<SaveOutcome>;
  /** Ends the thread when it has done what it was asked before. */
  close(): Promise<void>;
}

interface Question {
  resolve(answer: ThreadAnswer): void;
  reject(error: unknown): void;
}

/** Starts with the first question; after a crash, with the next one. The file has its tables by then. */
export function openSqliteThread(path: string): SqliteThread {
  let worker: Worker | undefined;
  const staged = new WeakMap<readonly OrderChange[], SqliteRowsText>();
  /** Answers come in the order of the questions. */
  let asked: Question[] = [];

  function start(): Worker {
    const started = new Worker(new URL("./sqlite-thread-program.ts", import.meta.url), { workerData: path });
    started.on("message", (answer: ThreadAnswer) => {
      asked.shift()?.resolve(answer);
      if (asked.length === 0) started.unref();
    });
    started.on("error", giveUp);
    started.on("exit", () => giveUp(undefined));
    worker = started;
    return started;
  }

  /** Whether it was written is unknown. */
  function giveUp(cause: unknown): void {
    const open = asked;
    asked = [];
    worker = undefined;
    for (const question of open) question.reject(new StoreUnavailable("the SQLite thread has ended", cause));
  }

  function ask(request: ThreadRequest): Promise<ThreadAnswer> {
    const asking = worker ?? start();
    asking.ref();
    return new Promise((resolve, reject) => {
      asked.push({ resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      asking.postMessage(request);
    });
  }

  return {
    stage(changes) {
      staged.set(changes, textOf(changes));
    },
    async save({ changes, ...rest }) {
      const rows = prepareRows(rest);
      const answer = await ask({
        kind: "save",
        orders: staged.get(changes) ?? textOf(changes),
        rows,
      });
      if (answer.kind !== "saved") throw failureOf(answer);
      return answer.outcome;
    },
    async close() {
      const closing = worker;
      if (closing === undefined) return;
      await ask({ kind: "close" });
      worker = undefined;
      await closing.terminate();
    },
  };
}

/** Throws as `prepareChanges` does. */
function textOf(changes: readonly OrderChange[]): SqliteRowsText {
  return toRowsText(toSqliteRows(prepareChanges(changes)));
}

function failureOf(answer: ThreadAnswer): unknown {
  switch (answer.kind) {
    case "unavailable":
      return new StoreUnavailable(answer.message, answer.cause);
    case "failed":
      return new Error(answer.message);
    case "saved":
    case "closed":
      return new Error(`the SQLite thread answered ${answer.kind}`);
  }
}
