// Publishes batches of records so that a reader with isolation level read_committed sees all of a batch or nothing, and so
// that of several publishers with one transactional id only the one initialised last can publish anything.
//
// The commit is asked for only when every record is acknowledged. So until then a batch can be given up for certain
// (`unavailable`), and the one unanswered question that is left is whether the commit itself arrived (`unknown`). It never
// takes the id back by itself: that would fence a rightful successor, and what is published already must be read first.
import type { ClientSettings } from "./binding.ts";
import { type ConnectionOptions, sharedSettings } from "./client-config.ts";
import { errorCodes, publishFailure } from "./publish-failure.ts";
import type { Published } from "./publisher.ts";
import type { OutgoingRecord } from "./record.ts";
import { type TransactionalClient, openTransactionalClient } from "./transactional-publisher-client.ts";
import {
  type TransactionFailure,
  classifyUncommitted,
  isAboutSize,
  isFenced,
  transactionErrorCodes,
  transactionFailure,
} from "./transactional-publisher-failure.ts";

export type TransactionOutcome =
  /** Where each record is, in the order of the call. */
  | { readonly ok: true; readonly value: readonly Published[] }
  | { readonly ok: false; readonly failure: TransactionFailure };

export type InitOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly failure: {
        readonly kind: "unavailable" | "refused";
        readonly code: number;
        readonly message: string;
      };
    };

export interface TransactionalPublisher {
  /**
   * Takes the transactional id: every other publisher of it can publish nothing from now on, and a transaction that one of
   * them left open is ended, aborted unless its commit had arrived, before this resolves. Answered by its deadline; after
   * `unavailable` call it again. Needed first, and again after `fenced` and `unknown`.
   */
  init(): Promise<InitOutcome>;
  /**
   * One transaction of at most 100,000 records. Answered by its deadline; calls run one after another. Records of one key,
   * and of one partition, are in the order of the call. No records need no transaction.
   */
  publishAll(records: readonly OutgoingRecord[]): Promise<TransactionOutcome>;
  /** Whether this publisher owns the id, as far as it knows. */
  readonly initialised: boolean;
  /**
   * Aborts a transaction whose commit has not been asked for, and waits for the answer of one that is being committed: its
   * deadline and two seconds at the most. What is not aborted in a fifth of a second is left to the next `init` of the id, or to its time-out.
   */
  close(): Promise<void>;
}

export interface TransactionalPublisherOptions extends ConnectionOptions {
  readonly transactionalId: string;
  /** Milliseconds until `init` and `publishAll` are answered at the latest; default 5,000, at least 2,000. */
  readonly deadlineMs?: number;
  /**
   * After which the broker aborts a transaction of a publisher that has died and has no successor; until then readers wait at
   * its first record. Default 10,000, at least `deadlineMs`.
   */
  readonly transactionTimeoutMs?: number;
}

const defaultDeadlineMs = 5_000;
const minDeadlineMs = 2_000;
const defaultTransactionTimeoutMs = 10_000;
const maxRecords = 100_000;
/** Of the deadline: after which a batch that is not acknowledged is given up; what is left is for the abort. */
const deliveryShare = 0.6;
const reasonTimeoutMs = 1_000;
/** Numbers put right, the batch refused for its size, numbers put right again, each record alone. */
const maxAttempts = 4;

/** Resolves when the client's threads run, whether or not a broker is there; rejects when settings are not accepted. */
export async function openTransactionalPublisher(
  options: TransactionalPublisherOptions,
): Promise<TransactionalPublisher> {
  const deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
  const transactionTimeoutMs = options.transactionTimeoutMs ?? defaultTransactionTimeoutMs;
  if (!(deadlineMs >= minDeadlineMs))
    throw new Error(`deadlineMs must be at least ${minDeadlineMs}, got ${deadlineMs}`);
  if (!(transactionTimeoutMs >= deadlineMs))
    throw new Error(`transactionTimeoutMs must be at least deadlineMs, got ${transactionTimeoutMs}`);
  const settings = transactionalSettings(options, deadlineMs, transactionTimeoutMs);
  const logger = options.logger.child({ transactionalId: options.transactionalId });

  let client: TransactionalClient | null = await openTransactionalClient(settings, logger);
  let initialised = false;
  /** The last transaction is given up, but no broker has said so yet. */
  let mustAbort = false;
  let closing = false;
  let running: Promise<unknown> = Promise.resolve();
  const disposals = new Set<Promise<void>>();

  /** The client is of no more use. What it still sends is the broker's to refuse, from the next `init` on. */
  function lose(): void {
    initialised = false;
    mustAbort = false;
    const lost = client;
    client = null;
    if (lost === null) return;
    const disposal = lost.close().then((isGone) => {
      if (!isGone) logger.warn("The transactional publisher did not disconnect in time");
      disposals.delete(disposal);
    });
    disposals.add(disposal);
  }

  async function init(): Promise<InitOutcome> {
    if (closing) return notInitialised("unavailable", errorCodes.wrongState);
    const expiresAtMs = performance.now() + deadlineMs;
    // A client can be initialised once.
    if (initialised) lose();
    client ??= await openTransactionalClient(settings, logger);
    // Closing may have begun meanwhile, and ends what it finds.
    if (closing) client.stop();
    const error = await client.init(expiresAtMs);
    if (error === null) {
      initialised = true;
      return { ok: true };
    }
    logger.warn("The transactional publisher is not initialised", {
      code: error.code,
      detail: error.message,
    });
    if (error.isRetriable) return notInitialised("unavailable", error.code);
    lose();
    return notInitialised(
      classifyUncommitted(error.code) === "refused" ? "refused" : "unavailable",
      error.code,
    );
  }

  async function publishAll(records: readonly OutgoingRecord[]): Promise<TransactionOutcome> {
    if (records.length === 0) return { ok: true, value: [] };
    if (closing) return failed("unavailable", errorCodes.wrongState);
    if (client === null || !initialised) return failed("fenced", transactionErrorCodes.fenced);
    const deadline = createDeadline(deadlineMs);
    if (mustAbort && !(await abort(client, deadline.deliverByMs))) {
      return failed(initialised ? "unavailable" : "fenced", errorCodes.timedOut);
    }
    let atOnce = records.length;
    for (let attempt = 1; ; attempt++) {
      const outcome = await transact(client, records, atOnce, deadline);
      if (outcome.ok || mustAbort || !initialised || attempt === maxAttempts) return outcome;
      const { kind, code } = outcome.failure;
      // Which record is it? Alone in its batch, each is answered for itself.
      if (kind === "refused" && isAboutSize(code) && atOnce > 1) atOnce = 1;
      // After a batch that the broker refused, the client's numbers are ahead of the broker's. The next transaction shows
      // it, and its abort puts it right.
      else if (code !== errorCodes.outOfOrderSequence) return outcome;
    }
  }

  async function transact(
    current: TransactionalClient,
    records: readonly OutgoingRecord[],
    atOnce: number,
    deadline: Deadline,
  ): Promise<TransactionOutcome> {
    const begun = await current.begin();
    if (begun !== null) {
      logger.warn("No transaction could be begun", { code: begun.code, detail: begun.message });
      lose();
      return failed("fenced", begun.code);
    }
    const delivery = await current.deliver(records, atOnce, deadline.deliverByMs);
    if (delivery.kind === "delivered") return commit(current, delivery.positions, deadline);
    if (delivery.kind === "stopped") return giveUp(current, errorCodes.timedOut, null, deadline);
    if (delivery.index !== null) return giveUp(current, delivery.code, delivery.index, deadline);

    // All were given up, and a commit says why. It asks no broker: it cannot succeed once a record has failed.
    const reason = await current.commit(performance.now() + reasonTimeoutMs);
    if (reason !== null && !reason.isRetriable) return giveUp(current, reason.code, null, deadline);
    lose();
    return failed("unknown", delivery.code);
  }

  async function giveUp(
    current: TransactionalClient,
    code: number,
    index: number | null,
    deadline: Deadline,
  ): Promise<TransactionOutcome> {
    mustAbort = true;
    await abort(current, deadline.expiresAtMs);
    const kind = initialised ? classifyUncommitted(code) : "fenced";
    if (kind === "fenced") lose();
    return failed(kind, code, index);
  }

  async function commit(
    current: TransactionalClient,
    positions: readonly Published[],
    deadline: Deadline,
  ): Promise<TransactionOutcome> {
    const error = await current.commit(deadline.expiresAtMs);
    if (error === null) return { ok: true, value: positions };
    logger.warn("A transaction's commit failed", { code: error.code, detail: error.message });
    lose();
    return failed(isFenced(error.code) ? "fenced" : "unknown", error.code);
  }

  /** False when it is not done yet, or the client is lost with it. */
  async function abort(current: TransactionalClient, expiresAtMs: number): Promise<boolean> {
    const error = await current.abort(expiresAtMs);
    if (error === null) {
      mustAbort = false;
      return true;
    }
    logger.warn("A transaction could not be aborted yet", { code: error.code, detail: error.message });
    if (!error.isRetriable) lose();
    return false;
  }

  function afterOthers<T>(task: () => Promise<T>): Promise<T> {
    const result = running.then(task);
    running = result.catch(() => undefined);
    return result;
  }

  async function close(): Promise<void> {
    closing = true;
    client?.stop();
    await running;
    lose();
    await Promise.all(disposals);
  }

  let closed: Promise<void> | null = null;
  return {
    init: () => afterOthers(init),
    publishAll(records) {
      if (records.length > maxRecords)
        throw new RangeError(`A transaction takes at most ${maxRecords} records, got ${records.length}`);
      return afterOthers(() => publishAll(records));
    },
    get initialised() {
      return initialised;
    },
    close() {
      closed ??= close();
      return closed;
    },
  };
}

interface Deadline {
  readonly deliverByMs: number;
  readonly expiresAtMs: number;
}

function createDeadline(deadlineMs: number): Deadline {
  const nowMs = performance.now();
  return { deliverByMs: nowMs + deadlineMs * deliveryShare, expiresAtMs: nowMs + deadlineMs };
}

function failed(
  kind: TransactionFailure["kind"],
  code: number,
  index: number | null = null,
): TransactionOutcome {
  return { ok: false, failure: transactionFailure(kind, code, index) };
}

function notInitialised(kind: "unavailable" | "refused", code: number): InitOutcome {
  return { ok: false, failure: { ...publishFailure(kind, code), kind } };
}

function transactionalSettings(
  options: TransactionalPublisherOptions,
  deadlineMs: number,
  transactionTimeoutMs: number,
): ClientSettings {
  return {
    ...sharedSettings(options),
    "topic.metadata.propagation.max.ms": 2_000,
    "queue.buffering.max.messages": maxRecords,
    "compression.type": "lz4",
    ...options.settings,
    // What the outcomes rest on is not for the caller to change.
    acks: "all",
    "enable.idempotence": true,
    "transactional.id": options.transactionalId,
    "transaction.timeout.ms": transactionTimeoutMs,
    // An abort waits for what is on its way, at most this long.
    "message.timeout.ms": deadlineMs,
    "socket.timeout.ms": deadlineMs,
    partitioner: "murmur2_random",
    "linger.ms": 0,
    // A broker that is not ready for a transaction's first record mostly is a moment later.
    "retry.backoff.ms": 5,
  };
}
