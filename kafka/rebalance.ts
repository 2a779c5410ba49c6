// A member's answers to its group: partitions to take over, to give back, or lost already. Every question is answered, also
// while closing: the client waits for the answer, without a limit.
import type { Logger } from "../service/logger.ts";
import { type NativeConsumer, type NativeOffset, describeNativeError, rebalanceCodes } from "./binding.ts";
import type { ConsumerHandlers } from "./consumer.ts";
import { type PartitionGate, keyOf } from "./partition-gate.ts";
import type { PollLoop } from "./poll-loop.ts";
import type { NextOffset, TopicPartition } from "./record.ts";
import { within } from "./within.ts";

/**
 * `closing`: finishes what it has, takes nothing new. `leaving`: the client closes and asks its last questions, until it has
 * `left`.
 */
export type ConsumerPhase = "open" | "closing" | "leaving" | "left" | "failed";

export interface Rebalance {
  /** Takes the client's question; its code says whether partitions come or go. */
  onQuestion(code: number, partitions: readonly TopicPartition[]): void;
  /** Waits for what is being revoked, then revokes the rest. Never rejects. */
  finishAll(timeLeftMs: () => number): Promise<void>;
}

export interface RebalanceOptions {
  readonly native: Pick<NativeConsumer, "assign" | "unassign" | "resume" | "assignmentLost">;
  readonly gate: PartitionGate;
  readonly loop: Pick<PollLoop, "between" | "wake">;
  readonly handlers: ConsumerHandlers;
  readonly logger: Logger;
  readonly startAtTimeoutMs: number;
  readonly revokeTimeoutMs: number;
  readonly phase: () => ConsumerPhase;
  /** The group has given this member its partitions, so a broker answers. */
  readonly onJoined: () => void;
  /** Runs a handler; should it throw, the consumer has failed. */
  readonly guarded: (what: string, action: () => void) => void;
  readonly onFailed: (message: string) => void;
}

const answerAgainAfterMs = 500;
const fromCommitted = -1000;
const nowhere: Promise<readonly NextOffset[]> = Promise.resolve([]);

export function createRebalance(options: RebalanceOptions): Rebalance {
  const { native, gate, loop, handlers, logger, startAtTimeoutMs, revokeTimeoutMs } = options;
  const { phase, onJoined, guarded, onFailed } = options;
  /** What `onRevoked` was last called for, until it is done. */
  let finishing: Promise<void> = Promise.resolve();

  function isLeaving(): boolean {
    return phase() === "leaving" || phase() === "left" || phase() === "failed";
  }

  function onQuestion(code: number, partitions: readonly TopicPartition[]): void {
    if (isLeaving()) answerWhileLeaving(partitions);
    else if (code === rebalanceCodes.assign) void takeOver(partitions);
    else if (native.assignmentLost()) lose(partitions);
    else void revoke(partitions);
    loop.wake();
  }

  async function takeOver(partitions: readonly TopicPartition[]): Promise<void> {
    const positions = await startingPositions(partitions);
    loop.between(() => {
      if (isLeaving()) answerWhileLeaving(partitions);
      else assign(positions);
    });
  }

  async function startingPositions(partitions: readonly TopicPartition[]): Promise<readonly NativeOffset[]> {
    const told = new Map<string, number>();
    try {
      const asked = phase() === "open" ? handlers.startAt?.(partitions) : undefined;
      const answer = await within(startAtTimeoutMs, asked ?? nowhere);
      for (const place of answer ?? []) told.set(keyOf(place), place.nextOffset);
    } catch (error) {
      logger.warn("Partitions start at their committed offsets", { reason: describeNativeError(error) });
    }
    return partitions.map(({ topic, partition }) => ({
      topic,
      partition,
      offset: told.get(keyOf({ topic, partition })) ?? fromCommitted,
    }));
  }

  function assign(partitions: readonly NativeOffset[]): void {
    native.assign(partitions);
    onJoined();
    // While closing they are only taken to be given back: nobody is told, no record passes.
    if (phase() !== "open") return;
    gate.assign(partitions);
    logger.info("Partitions assigned", { partitions: describe(partitions) });
    guarded("onAssigned", () =>
      handlers.onAssigned(partitions.map(({ topic, partition }) => ({ topic, partition }))),
    );
  }

  async function revoke(partitions: readonly TopicPartition[]): Promise<void> {
    const { known, stopped } = gate.forget(partitions);
    if (known.length > 0) finishing = finish(known, revokeTimeoutMs);
    // When closing has begun, it is what finishes them.
    await finishing;
    loop.between(() => letGo(stopped));
  }

  function lose(partitions: readonly TopicPartition[]): void {
    const { known, stopped } = gate.forget(partitions);
    logger.warn("Partitions lost to another member", { partitions: describe(known) });
    loop.between(() => letGo(stopped));
    if (known.length > 0) guarded("onLost", () => handlers.onLost(known));
  }

  /** Resolves when `onRevoked` is done or its time is over; never rejects. */
  async function finish(partitions: readonly TopicPartition[], timeoutMs: number): Promise<void> {
    logger.info("Partitions revoked", { partitions: describe(partitions) });
    gate.beginFinishing(partitions);
    try {
      const done = handlers.onRevoked(partitions).then(() => true);
      if ((await within(timeoutMs, done)) === undefined) {
        logger.error("Partitions are let go of before their work is done", {
          partitions: describe(partitions),
          timeoutMs,
        });
      }
    } catch (error) {
      onFailed(`onRevoked failed: ${String(error)}`);
    }
    gate.endFinishing(partitions);
  }

  /** A rebalance takes every partition of a member, so all are let go of. */
  function letGo(stopped: readonly TopicPartition[]): void {
    // The client would remember a pause beyond this assignment, and the partition would stand still when it comes back.
    if (stopped.length > 0 && phase() !== "leaving" && phase() !== "left") native.resume(stopped);
    native.unassign();
  }

  /**
   * A client that closes takes this answer to any question, but not before it has begun to close; hence once more, if it
   * is still there.
   */
  function answerWhileLeaving(partitions: readonly TopicPartition[]): void {
    gate.forget(partitions);
    const answer = (): void => {
      if (phase() === "left") return;
      try {
        letGo([]);
      } catch (error) {
        logger.debug("The closing Kafka client refused an answer", { detail: describeNativeError(error) });
      }
    };
    answer();
    setTimeout(answer, answerAgainAfterMs).unref();
  }

  return {
    onQuestion,
    async finishAll(timeLeftMs) {
      await within(timeLeftMs(), finishing);
      const { known } = gate.forget(gate.assignment);
      if (known.length === 0) return;
      finishing = finish(known, Math.min(revokeTimeoutMs, timeLeftMs()));
      await finishing;
    },
  };
}

function describe(partitions: readonly TopicPartition[]): string {
  return partitions.map(({ topic, partition }) => `${topic}/${partition}`).join(" ");
}
