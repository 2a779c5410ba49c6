// One native client with a transactional id: its calls as promises, none of which holds a thread of Bun's small pool for
// longer than a fifth of a second, and the delivery reports of one batch gathered. It decides nothing.
import type { Logger } from "../service/logger.ts";
import {
  type ClientSettings,
  type DeliveryReport,
  type NativeHeader,
  type NativeProducer,
  type NativeTransactionError,
  connectNative,
  createNativeProducer,
  disconnectNative,
} from "./binding.ts";
import { createEventListener } from "./client-config.ts";
import { codeOfReport, errorCodes } from "./publish-failure.ts";
import type { Published } from "./publisher.ts";
import type { OutgoingRecord, RecordHeader } from "./record.ts";
import { isGivenUpWithOthers } from "./transactional-publisher-failure.ts";

export type Delivery =
  | { readonly kind: "delivered"; readonly positions: readonly Published[] }
  /** Some record failed; `index` says which one for a reason of its own, null when it was given up with the others. */
  | { readonly kind: "failed"; readonly index: number | null; readonly code: number }
  | { readonly kind: "stopped" };

/** Null when it is done; an error that is retriable when the time was over. */
export type CallOutcome = Pick<NativeTransactionError, "code" | "message" | "isRetriable"> | null;

export interface TransactionalClient {
  /** Fences every other client of this id and ends its open transaction. */
  init(expiresAtMs: number): Promise<CallOutcome>;
  begin(): Promise<CallOutcome>;
  /** Hands over at most `atOnce` records before the first of them is acknowledged. */
  deliver(records: readonly OutgoingRecord[], atOnce: number, expiresAtMs: number): Promise<Delivery>;
  commit(expiresAtMs: number): Promise<CallOutcome>;
  abort(expiresAtMs: number): Promise<CallOutcome>;
  /** Deliveries are `stopped` now, and calls return when their present fifth of a second is over; but not a commit. */
  stop(): void;
  /** Resolves when the client is gone, or after two seconds: `false` then, and it goes on by itself. */
  close(): Promise<boolean>;
}

/** How long one call may hold a thread of the pool, and how long others have it before the next. */
const callTimeoutMs = 200;
const callPauseMs = 50;
const disconnectTimeoutMs = 2_000;

/** Resolves when the client's threads run, whether or not a broker is there; rejects when settings are not accepted. */
export async function openTransactionalClient(
  settings: ClientSettings,
  logger: Logger,
): Promise<TransactionalClient> {
  const native = createNativeProducer(settings);
  let batch: Batch | null = null;
  let lastId = 0;
  let stopped = false;
  /** The native side must not be destroyed below a call that is out. */
  let lastCall: Promise<unknown> = Promise.resolve();

  native.configureCallbacks(true, {
    global: {},
    topic: {},
    event: {
      delivery_cb: (code, report) => {
        try {
          batch?.onReport(code, report);
        } catch (error) {
          logger.error("A Kafka producer callback failed", { detail: String(error) });
        }
      },
      event_cb: createEventListener(logger, {
        onStatistics: () => undefined,
        onAllBrokersDown: () => logger.warn("No Kafka broker answers the transactional publisher"),
        // The next call says the same, with its code.
        onFatal: () => undefined,
      }),
    },
  });
  await connectNative(native);
  native.setPollInBackground(true);

  function call(invoke: (callback: (error: CallOutcome) => void) => void): Promise<CallOutcome> {
    const answer = new Promise<CallOutcome>((resolve) => invoke(resolve));
    lastCall = answer;
    return answer;
  }

  async function repeat(
    invoke: (timeoutMs: number, callback: (error: CallOutcome) => void) => void,
    expiresAtMs: number,
    isOver: () => boolean = () => stopped,
  ): Promise<CallOutcome> {
    for (;;) {
      const leftMs = expiresAtMs - performance.now();
      const timeoutMs = Math.max(1, Math.min(callTimeoutMs, Math.ceil(leftMs)));
      const outcome = await call((callback) => invoke(timeoutMs, callback));
      if (outcome === null || !outcome.isRetriable) return outcome;
      if (isOver() || expiresAtMs - performance.now() <= callPauseMs) return outcome;
      await Bun.sleep(callPauseMs);
    }
  }

  return {
    init: (expiresAtMs) =>
      repeat((timeoutMs, callback) => native.initTransactions(timeoutMs, callback), expiresAtMs),
    begin: () =>
      call((callback) =>
        native.beginTransaction((error) =>
          callback(error === null ? null : { ...error, isRetriable: false }),
        ),
      ),
    // Only its answer tells what became of the records.
    commit: (expiresAtMs) =>
      repeat(
        (timeoutMs, callback) => native.commitTransaction(timeoutMs, callback),
        expiresAtMs,
        () => false,
      ),
    abort: (expiresAtMs) =>
      repeat((timeoutMs, callback) => native.abortTransaction(timeoutMs, callback), expiresAtMs),
    async deliver(records, atOnce, expiresAtMs) {
      const current = createBatch(native, records, atOnce, lastId + 1);
      lastId += records.length;
      batch = current;
      const timer = setTimeout(() => current.stop(), Math.max(0, expiresAtMs - performance.now()));
      try {
        if (stopped) current.stop();
        else current.start();
        return await current.end;
      } finally {
        clearTimeout(timer);
        batch = null;
      }
    },
    stop() {
      stopped = true;
      batch?.stop();
    },
    async close() {
      stopped = true;
      batch?.stop();
      await lastCall;
      return disconnectNative(native, disconnectTimeoutMs);
    },
  };
}

interface Batch {
  readonly end: Promise<Delivery>;
  start(): void;
  onReport(code: number | null, report: DeliveryReport): void;
  stop(): void;
}

const choosePartition = -1;
const now = 0;

/** Ids go on from batch to batch, so that a late report of one batch is not taken for the next one's. */
function createBatch(
  native: NativeProducer,
  records: readonly OutgoingRecord[],
  atOnce: number,
  firstId: number,
): Batch {
  const positions: Published[] = [];
  let handedOver = 0;
  let answered = 0;
  let failedCode: number | null = null;
  const { promise, resolve } = Promise.withResolvers<Delivery>();

  function handOver(): void {
    while (failedCode === null && handedOver < records.length && handedOver - answered < atOnce) {
      const record = records[handedOver];
      if (record === undefined) return;
      const code = produce(record, firstId + handedOver);
      if (code === 0) handedOver += 1;
      else fail(handedOver, code);
    }
  }

  function produce({ topic, key, value, headers }: OutgoingRecord, id: number): number {
    try {
      return native.produce(topic, choosePartition, value, key, now, id, toNativeHeaders(headers));
    } catch {
      // Of a type that the native side does not take.
      return errorCodes.invalidArgument;
    }
  }

  function fail(index: number, code: number): void {
    failedCode ??= code;
    if (!isGivenUpWithOthers(code)) resolve({ kind: "failed", index, code });
    else if (answered === handedOver) resolve({ kind: "failed", index: null, code: failedCode });
  }

  return {
    end: promise,
    start: handOver,
    stop: () => resolve({ kind: "stopped" }),
    onReport(reported, { opaque, partition, offset }) {
      const index = opaque - firstId;
      if (index < 0 || index >= records.length) return;
      const code = codeOfReport(reported ?? 0, offset);
      answered += 1;
      if (code !== 0) fail(index, code);
      else if (failedCode !== null) fail(index, failedCode);
      else {
        positions[index] = { partition, offset };
        if (answered === records.length) resolve({ kind: "delivered", positions });
        else handOver();
      }
    },
  };
}

const noHeaders: readonly NativeHeader[] = [];
const noBytes = Buffer.alloc(0);

function toNativeHeaders(headers: readonly RecordHeader[]): readonly NativeHeader[] {
  if (headers.length === 0) return noHeaders;
  // A value that is null would end the process.
  return headers.map(([name, value]) => ({ [name]: value ?? noBytes }));
}
