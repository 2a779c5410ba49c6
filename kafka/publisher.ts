// Publishes records and tells, for each one, what became of it: acknowledged by all in-sync replicas, certainly not
// written, perhaps written, or refused for good. Every publish is answered by its deadline, whatever the broker does.
//
// While no broker answers, records wait here and not in the client: so a record that waited in vain is known not to be
// written and is never sent behind the caller's back. While one answers, a record is sent when the turn of the event loop
// ends, with what else has come by then; under load batches form by themselves, while earlier ones are on their way.
import type { ConnectionOptions } from "./client-config.ts";
import {
  breaksProducer,
  classifyFailedDelivery,
  classifyRejection,
  codeOfReport,
  errorCodes,
  publishFailure,
} from "./publish-failure.ts";
import { openPublisherClient, type PublisherClient } from "./publisher-client.ts";
import { publisherSettings } from "./publisher-settings.ts";
import type { OutgoingRecord } from "./record.ts";

export interface Published {
  readonly partition: number;
  readonly offset: number;
}

export interface PublishFailure {
  /**
   * `unavailable`: certainly not written (never left this process, or the broker refused for now); retry.
   * `unknown`: no acknowledgement in time, or only a later record has one; the record may have been written; retry with the
   * same event id.
   * `refused`: the broker will never take this record (too large, not authorised, no such topic); do not retry.
   */
  readonly kind: "unavailable" | "unknown" | "refused";
  /** librdkafka's error code, negative for its own errors. */
  readonly code: number;
  readonly message: string;
}

export type PublishOutcome =
  | { readonly ok: true; readonly value: Published }
  | { readonly ok: false; readonly failure: PublishFailure };

export interface Publisher {
  /**
   * Resolves on the broker's acknowledgement (acks=all, idempotent) or at the deadline, whichever is first; never rejects.
   * Records of one key are written in the order of these calls. A header without a value is written as an empty one, as the
   * package does, which cannot tell the two apart.
   */
  publish(record: OutgoingRecord): Promise<PublishOutcome>;
  /** Whether a broker is connected and answers, as of at most about two seconds ago. */
  readonly connected: boolean;
  /** Records without an answer. */
  readonly inFlight: number;
  /**
   * Takes no more records, waits for what is in flight, then disconnects. What is not acknowledged within `timeoutMs`
   * (default 5,000) resolves as `unknown`, or as `unavailable` when it was never handed to the client.
   */
  close(timeoutMs?: number): Promise<void>;
}

export interface PublisherOptions extends ConnectionOptions {
  /**
   * Milliseconds until a publish is answered at the latest, default 5,000. The client gives up about a second before, so
   * that a record which is reported as failed is not written minutes later; at least 2,000.
   */
  readonly deadlineMs?: number;
  /** Records without an answer; more are answered `unavailable` at once. Default 10,000. */
  readonly maxInFlight?: number;
  /** Called after each answer: `acknowledged`, or the kind of the failure. Must be cheap and must not throw. */
  readonly onPublished?: (topic: string, outcome: string, durationMs: number) => void;
  /** Called after `connected` has changed. */
  readonly onStateChange?: (connected: boolean) => void;
}

const defaultDeadlineMs = 5_000;
const minDeadlineMs = 2_000;
const defaultMaxInFlight = 10_000;
const defaultCloseTimeoutMs = 5_000;
const replaceIntervalMs = 1_000;
/** Missing rights are often granted a moment later, but librdkafka may go on refusing: see `openPublisher`. */
const unauthorizedForLongMs = 30_000;

interface Pending {
  /** What the client knows it by. */
  readonly id: number;
  readonly record: OutgoingRecord;
  readonly resolve: (outcome: PublishOutcome) => void;
  readonly expiresAtMs: number;
  /** The client that has the record; null while it waits here. */
  client: PublisherClient | null;
}

/**
 * Resolves as soon as the client's threads run, whether or not a broker is there; rejects only when librdkafka does not
 * accept the settings. A client that has failed for good (its numbered batches no longer fit the broker's, or the topic
 * has been refused to it for half a minute) is replaced by a new one.
 */
export async function openPublisher(options: PublisherOptions): Promise<Publisher> {
  const { logger, onPublished, onStateChange } = options;
  const deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
  const maxInFlight = options.maxInFlight ?? defaultMaxInFlight;
  if (!(deadlineMs >= minDeadlineMs))
    throw new Error(`deadlineMs must be at least ${minDeadlineMs}, got ${deadlineMs}`);
  if (!(maxInFlight >= 1)) throw new Error(`maxInFlight must be at least 1, got ${maxInFlight}`);
  const settings = publisherSettings(options, deadlineMs, maxInFlight);

  /** By id; in the order of publishing, which is the order of their deadlines. */
  const unanswered = new Map<number, Pending>();
  let lastId = 0;
  const waiting = new Set<Pending>();
  let client: PublisherClient | null = null;
  let connected = false;
  let closing = false;
  let onAllAnswered: (() => void) | null = null;
  let turnEnds: ReturnType<typeof setImmediate> | null = null;
  let deadlineTimer: ReturnType<typeof setTimeout> | null = null;
  let replaceTimer: ReturnType<typeof setTimeout> | null = null;
  let replacedAtMs = Number.NEGATIVE_INFINITY;
  let unauthorizedSinceMs: number | null = null;

  function answer(pending: Pending, outcome: PublishOutcome): void {
    // Already answered at its deadline, or when its client was replaced.
    if (!unanswered.delete(pending.id)) return;
    waiting.delete(pending);
    pending.resolve(outcome);
    onPublished?.(
      pending.record.topic,
      outcome.ok ? "acknowledged" : outcome.failure.kind,
      performance.now() - pending.expiresAtMs + deadlineMs,
    );
    if (unanswered.size === 0) onAllAnswered?.();
  }

  function fail(pending: Pending, kind: PublishFailure["kind"], code: number): void {
    answer(pending, { ok: false, failure: publishFailure(kind, code) });
  }

  function handOver(pending: Pending, to: PublisherClient): void {
    const { record } = pending;
    waiting.delete(pending);
    pending.client = to;
    const code = to.put(record, pending.id);
    if (code === 0) return;
    fail(pending, classifyRejection(code), code);
    if (breaksProducer(code)) replaceClient(to, code);
  }

  function onReport(
    from: PublisherClient,
    id: number,
    reported: number,
    partition: number,
    offset: number,
  ): void {
    const pending = unanswered.get(id);
    const code = codeOfReport(reported, offset);
    if (code === 0) {
      unauthorizedSinceMs = null;
      if (pending !== undefined) answer(pending, { ok: true, value: { partition, offset } });
      return;
    }
    if (pending !== undefined) fail(pending, classifyFailedDelivery(code, partition), code);
    if (breaksProducer(code) || isUnauthorizedForLong(code)) replaceClient(from, code);
  }

  function isUnauthorizedForLong(code: number): boolean {
    if (code !== errorCodes.topicAuthorizationFailed) return false;
    const nowMs = performance.now();
    unauthorizedSinceMs ??= nowMs;
    if (nowMs - unauthorizedSinceMs < unauthorizedForLongMs) return false;
    unauthorizedSinceMs = null;
    return true;
  }

  function setConnected(value: boolean): void {
    if (value === connected) return;
    connected = value;
    if (value) logger.info("Connected to Kafka");
    else if (!closing) logger.warn("No Kafka broker answers: records wait until their deadline");
    onStateChange?.(value);
    if (value) handOverWaiting();
  }

  function handOverWaiting(): void {
    if (!connected || client === null) return;
    const current = client;
    for (const pending of waiting) {
      // Handing over may show that the client has failed; the rest waits for the next one.
      if (client !== current) break;
      handOver(pending, current);
    }
  }

  /**
   * One after the other without a pause, so that they leave in few batches: each one wakes a thread here and costs the broker
   * a request.
   */
  function handOverAfterThisTurn(): void {
    if (turnEnds !== null) return;
    turnEnds = setImmediate(() => {
      turnEnds = null;
      handOverWaiting();
    });
  }

  function answerExpired(): void {
    deadlineTimer = null;
    const nowMs = performance.now();
    for (const pending of unanswered.values()) {
      if (pending.expiresAtMs > nowMs) break;
      fail(pending, pending.client === null ? "unavailable" : "unknown", errorCodes.timedOut);
    }
    watchDeadlines();
  }

  /** One timer, for the oldest record; it is not moved when that record is answered early. */
  function watchDeadlines(): void {
    if (deadlineTimer !== null) return;
    const [oldest] = unanswered.values();
    if (oldest === undefined) return;
    deadlineTimer = setTimeout(answerExpired, Math.max(1, Math.ceil(oldest.expiresAtMs - performance.now())));
  }

  async function openClient(): Promise<void> {
    const made = await openPublisherClient(settings, logger, {
      onReport,
      onConnected(from, value) {
        if (from === client) setConnected(value);
      },
      onFatal: (from) => replaceClient(from, errorCodes.fatal),
    });
    if (closing) {
      await made.close();
      return;
    }
    client = made;
    made.contact();
  }

  function replaceClient(failed: PublisherClient, code: number): void {
    if (failed !== client || closing) return;
    client = null;
    logger.error("The Kafka producer has failed for good and is replaced", { code });
    setConnected(false);
    // Nobody hears its reports any more: whoever waits is told now.
    for (const pending of unanswered.values()) if (pending.client === failed) fail(pending, "unknown", code);
    void failed.close();
    const delayMs = Math.max(0, replacedAtMs + replaceIntervalMs - performance.now());
    replaceTimer = setTimeout(reopenClient, delayMs);
  }

  function reopenClient(): void {
    replacedAtMs = performance.now();
    openClient().catch((error: unknown) => {
      logger.error("The Kafka producer could not be replaced", { detail: String(error) });
      if (!closing) replaceTimer = setTimeout(reopenClient, replaceIntervalMs);
    });
  }

  async function close(timeoutMs: number): Promise<void> {
    closing = true;
    if (replaceTimer !== null) clearTimeout(replaceTimer);
    if (unanswered.size > 0) await allAnsweredWithin(timeoutMs);
    for (const pending of unanswered.values()) {
      fail(pending, pending.client === null ? "unavailable" : "unknown", errorCodes.timedOut);
    }
    if (deadlineTimer !== null) clearTimeout(deadlineTimer);
    setConnected(false);
    const last = client;
    client = null;
    if (last !== null && !(await last.close())) logger.warn("The Kafka producer did not disconnect in time");
  }

  function allAnsweredWithin(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      onAllAnswered = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  await openClient();
  let closed: Promise<void> | null = null;
  return {
    publish(record) {
      if (closing) return rejected(errorCodes.wrongState);
      if (unanswered.size >= maxInFlight) return rejected(errorCodes.queueFull);
      return new Promise((resolve) => {
        lastId += 1;
        const pending: Pending = {
          id: lastId,
          record,
          resolve,
          expiresAtMs: performance.now() + deadlineMs,
          client: null,
        };
        unanswered.set(pending.id, pending);
        // Behind those that wait, so that the order of one key is kept.
        waiting.add(pending);
        handOverAfterThisTurn();
        watchDeadlines();
      });
    },
    get connected() {
      return connected;
    },
    get inFlight() {
      return unanswered.size;
    },
    close(timeoutMs = defaultCloseTimeoutMs) {
      closed ??= close(timeoutMs);
      return closed;
    },
  };
}

function rejected(code: number): Promise<PublishOutcome> {
  return Promise.resolve({ ok: false, failure: publishFailure(classifyRejection(code), code) });
}
