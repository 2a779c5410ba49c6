// Publishes the dead letters of parked records and tells when the broker has them. No letter is ever given up: whatever is
// in the way (broker, registry, topic, rights, size), it is tried again with a growing wait, and health can say why.
//
// Letters of one key go out one after the other, each after the acknowledgement of the one before, so they lie on the topic
// in the order in which they were added. What is in the way of all letters stops all but one, which probes. What is in
// the way of one letter holds back only its own key.
import { errorCodes } from "../../kafka/publish-failure.ts";
import type { Publisher, PublishFailure } from "../../kafka/publisher.ts";
import type { Codec, EncodeFailure } from "../../schemas/codec.ts";
import type { RecordHeader } from "../../kafka/record.ts";
import { readTraceId, readTraceparent, traceparentHeader } from "../../schemas/event-headers.ts";
import { type Backoff, backoffMs } from "../../service/backoff.ts";
import type { Clock } from "../../service/clock.ts";
import type { LogFields, Logger } from "../../service/logger.ts";
import { isSampled, type OpenSpan, type Tracing } from "../../telemetry/tracing.ts";
import type { ParkedId, ParkedRecord } from "../store/parked-records.ts";
import { buildDeadLetter, deadLetterKey, trimFurther } from "./build-dead-letter.ts";
import { createHandover } from "./handover.ts";
import { createLetterLanes, type Letter } from "./letter-lanes.ts";

export interface DeadLetterOutbox {
  /** Takes records of state `dead` and returns at once; one that is here already is not taken twice. */
  add(records: readonly ParkedRecord[]): void;
  /**
   * These sources belong to somebody else now, who finds the parked rows and publishes them. What is on its way stays so,
   * and at worst becomes a copy; nothing is told about them any more.
   */
  forget(sources: readonly string[]): void;
  /** Letters that are not yet known to be published and told. */
  readonly size: number;
  /** Why letters that wait here cannot be published now; undefined while they can, or none waits. */
  readonly blockedBy: string | undefined;
  /**
   * Starts nothing new; resolves when what is on its way is answered and told. What is left stays parked in the store, and
   * is added again after the next start.
   */
  stop(): Promise<void>;
}

export interface DeadLetterOutboxOptions {
  readonly publisher: Pick<Publisher, "publish">;
  /** With `[topic, "DeadLetter"]` among its subjects. */
  readonly codec: Pick<Codec, "encode">;
  readonly topic: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * The broker has acknowledged these. Called with batches, one call at a time; when it rejects, the same letters are told
   * again after a while.
   */
  readonly onPublished: (ids: readonly ParkedId[]) => Promise<void> | void;
  /** Letters on their way at once; default 500. */
  readonly maxInFlight?: number;
  /** Their bytes; default 16 MiB. A single larger letter goes alone. */
  readonly maxInFlightBytes?: number;
  readonly tracing?: Tracing | undefined;
  /** 0 ≤ r < 1; for the jitter of waits. */
  readonly random?: () => number;
}

/** What nothing can be published for. */
interface Outage {
  readonly reason: string;
  readonly needsOperator: boolean;
  readonly attempts: number;
  readonly probeAtMs: number;
}

interface Refusal {
  /** `everyone`: it would meet any letter. `size`, `letter`: it met this one. */
  readonly scope: "everyone" | "size" | "letter";
  readonly reason: string;
  /** Whether waiting alone is unlikely to cure it. */
  readonly needsOperator: boolean;
}

const outageBackoff: Backoff = { firstMs: 100, maxMs: 5000 };
const letterBackoff: Backoff = { firstMs: 1000, maxMs: 60_000 };
const canPublish = "Dead letters can be published again";

export function createDeadLetterOutbox(options: DeadLetterOutboxOptions): DeadLetterOutbox {
  const { publisher, codec, topic, clock, logger, random, tracing } = options;
  const { maxInFlight = 500, maxInFlightBytes = 16 * 1024 * 1024 } = options;
  const lanes = createLetterLanes();
  const handover = createHandover({
    clock,
    logger,
    onPublished: options.onPublished,
    onDone: (letters) => lanes.drop(letters),
  });
  /** Why single letters cannot be published, by letter. */
  const refused = new Map<Letter, string>();
  const cancels = new Set<() => void>();
  let outage: Outage | undefined;
  let inFlight = 0;
  let bytesInFlight = 0;
  let isAlone = false;
  let stopped = false;
  let onIdle: (() => void) | undefined;

  function pump(): void {
    // Whoever waits for a probe would wait for ever: those that could be one belong to somebody else now.
    if (lanes.size === 0 && inFlight === 0) endOutage("No dead letter waits here any more");
    while (!stopped) {
      const letter = takeNext();
      if (letter === undefined) return;
      send(letter);
    }
  }

  function takeNext(): Letter | undefined {
    if (isAlone) return undefined;
    if (outage !== undefined) {
      if (inFlight > 0 || clock.nowMs() < outage.probeAtMs) return undefined;
      return lanes.takeAlone() ?? lanes.takeReady();
    }
    // Those that go alone go first: under load they would never find the way free.
    if (lanes.hasAlone) return inFlight === 0 ? lanes.takeAlone() : undefined;
    return inFlight < maxInFlight && bytesInFlight < maxInFlightBytes ? lanes.takeReady() : undefined;
  }

  function send(letter: Letter): void {
    const built = buildDeadLetter(letter.record, clock.nowMs(), letter.trim);
    const encoded = codec.encode(topic, "DeadLetter", built.event);
    if (!encoded.ok) {
      onRefusal(letter, readEncodeRefusal(encoded.failure));
      return;
    }
    const { key, headers } = built;
    const size = encoded.value.length + key.length;
    letter.state = "in-flight";
    inFlight += 1;
    bytesInFlight += size;
    isAlone = letter.alone;
    const trace = tracing === undefined ? undefined : beginTrace(tracing, letter);
    const traced = trace === undefined ? headers : [...headers, traceHeader(trace)];
    void publisher.publish({ topic, key, value: encoded.value, headers: traced }).then((outcome) => {
      trace?.end({ endedAtMs: clock.nowMs(), error: outcome.ok ? undefined : outcome.failure.kind });
      inFlight -= 1;
      bytesInFlight -= size;
      isAlone = false;
      if (outcome.ok) onAcknowledged(letter);
      else onRefusal(letter, readRefusal(outcome.failure));
      pump();
      if (inFlight === 0) onIdle?.();
    });
  }

  /** In the trace of the try that failed: of the request, or of the replay. */
  function beginTrace(tracing: Tracing, { record: { original, replayOf, lane, death } }: Letter) {
    const parent = replayOf === undefined ? readTraceparent(original.headers) : replayOf.traceparent;
    if (parent === undefined || !isSampled(parent)) return undefined;
    return tracing.begin({
      name: `publish ${topic}`,
      kind: "producer",
      parent,
      startedAtMs: clock.nowMs(),
      attributes: {
        "messaging.system": "kafka",
        "messaging.destination.name": topic,
        "orderwire.order_id": lane.slice(0, 128),
        "orderwire.reason": death?.reason ?? "unknown",
      },
    });
  }

  function onAcknowledged(letter: Letter): void {
    endOutage(canPublish);
    refused.delete(letter);
    if (letter.trim !== "whole") logTrimmed(letter);
    letter.state = "published";
    lanes.complete(letter);
    handover.add(letter);
  }

  function onRefusal(letter: Letter, refusal: Refusal): void {
    letter.state = "waiting";
    if (refusal.scope === "everyone") beginOrProlongOutage(refusal);
    else endOutage(canPublish);
    if (letter.forgotten) {
      refused.delete(letter);
      lanes.drop([letter]);
      lanes.makeReady(letter.lane);
      return;
    }
    if (refusal.scope === "everyone" || (refusal.scope === "size" && makeFit(letter))) {
      lanes.makeReady(letter.lane);
      return;
    }
    if (refused.get(letter) !== refusal.reason) {
      logger.error("A dead letter cannot be published: it stays parked and is tried again", {
        ...placeOf(letter),
        reason: refusal.reason,
      });
    }
    refused.set(letter, refusal.reason);
    letter.failures += 1;
    // Whole again: by then the topic may take larger records.
    letter.trim = "whole";
    after(backoffMs(letterBackoff, letter.failures, random), () => lanes.makeReady(letter.lane));
  }

  /**
   * Answers whether there is something left to try. Brokers measure batches, so a letter may have been refused for its
   * neighbours: it is sent alone before anything is left out of it.
   */
  function makeFit(letter: Letter): boolean {
    if (!letter.alone) {
      letter.alone = true;
      return true;
    }
    const smaller = trimFurther(letter.record, letter.trim);
    if (smaller !== undefined) letter.trim = smaller;
    return smaller !== undefined;
  }

  function beginOrProlongOutage({ reason, needsOperator }: Refusal): void {
    // Of many that were on their way when it began, each would count as a probe.
    if (outage !== undefined && (clock.nowMs() < outage.probeAtMs || inFlight > 0)) return;
    const attempts = (outage?.attempts ?? 0) + 1;
    // A broker that is away says so in several ways; what an operator has to mend is said each time it changes.
    if (outage?.needsOperator !== needsOperator || (needsOperator && outage.reason !== reason)) {
      const level = needsOperator ? "error" : "warn";
      logger[level]("Dead letters cannot be published: they stay parked and are tried again", {
        topic,
        reason,
        waiting: lanes.size,
      });
    }
    const delayMs = backoffMs(outageBackoff, attempts, random);
    outage = { reason, needsOperator, attempts, probeAtMs: clock.nowMs() + delayMs };
    after(delayMs, () => undefined);
  }

  function endOutage(why: string): void {
    if (outage === undefined) return;
    outage = undefined;
    logger.info(why, { topic, waiting: lanes.size });
  }

  function after(delayMs: number, action: () => void): void {
    const cancel = clock.after(delayMs, () => {
      cancels.delete(cancel);
      action();
      pump();
    });
    cancels.add(cancel);
  }

  function logTrimmed(letter: Letter): void {
    const size = letter.record.original.value?.length ?? 0;
    logger.warn("A dead letter was too large for its topic and was published without a part of it", {
      ...placeOf(letter),
      trim: letter.trim,
      valueBytes: size,
    });
  }

  return {
    add(records) {
      if (stopped) return;
      for (const record of records) lanes.add(record, deadLetterKey(record.original).toString("latin1"));
      pump();
    },
    forget(sources) {
      for (const letter of lanes.forget(new Set(sources))) refused.delete(letter);
    },
    get size() {
      return lanes.size;
    },
    get blockedBy() {
      if (outage !== undefined) return outage.reason;
      const [first] = refused.values();
      return first;
    },
    async stop() {
      stopped = true;
      for (const cancel of cancels) cancel();
      cancels.clear();
      if (inFlight > 0) await new Promise<void>((resolve) => (onIdle = resolve));
      await handover.stop();
    },
  };
}

const tooLarge: ReadonlySet<number> = new Set([errorCodes.messageTooLarge, errorCodes.recordListTooLarge]);

/** Refusals that are about what the record holds; all others are about the topic, the cluster or our rights. */
const aboutTheRecord: ReadonlySet<number> = new Set([
  errorCodes.invalidArgument,
  errorCodes.invalidTimestamp,
  errorCodes.policyViolation,
  errorCodes.invalidRecord,
]);

function readRefusal({ kind, code, message }: PublishFailure): Refusal {
  if (tooLarge.has(code)) return { scope: "size", reason: message, needsOperator: true };
  if (kind === "refused" && aboutTheRecord.has(code))
    return { scope: "letter", reason: message, needsOperator: true };
  return { scope: "everyone", reason: message, needsOperator: kind === "refused" };
}

function readEncodeRefusal({ kind, message }: EncodeFailure): Refusal {
  return kind === "registry-unavailable"
    ? { scope: "everyone", reason: message, needsOperator: false }
    : { scope: "letter", reason: message, needsOperator: true };
}

function traceHeader({ traceparent }: OpenSpan): RecordHeader {
  return [traceparentHeader, Buffer.from(traceparent)];
}

function placeOf({ record: { lane, original } }: Letter): LogFields {
  return {
    orderId: lane.slice(0, 128),
    traceId: readTraceId(original.headers),
    originalTopic: original.topic,
    originalPartition: original.partition,
    originalOffset: original.offset,
  };
}
