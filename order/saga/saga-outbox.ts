// This instance's outbox, published as soon as something is in it; and those that other instances have left behind, which
// are drained by whoever notices first and left to their owner again.
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { ReachCrashPoint } from "../worker/crash-points.ts";
import { createOutboxLane, type LanePublisher } from "./outbox-lane.ts";
import type { ReadBack } from "./read-back.ts";
import type { ShrinkMessage } from "./shrink-letter.ts";
import type { OutgoingMessage, SagaStore } from "./store/saga-store.ts";

export interface OpenLanePublisher extends LanePublisher {
  close(): Promise<void>;
}

export interface SagaOutbox {
  readonly id: string;
  /** Messages that are saved, by their numbers, ascending and without gaps. */
  offer(firstSeq: number, messages: readonly OutgoingMessage[]): void;
  /** Resolves when everything up to `seq` is on its topics for every read_committed reader. */
  published(seq: number): Promise<void>;
  /** Why nothing can be published now, in a few words. */
  readonly blockedBy: string | undefined;
  /** When the topics are there. */
  start(): Promise<void>;
  /** Publishes what is in memory if that goes at once, and lets go. */
  stop(): Promise<void>;
}

export interface SagaOutboxOptions {
  /** Different for each instance, and the same after its restart. */
  readonly id: string;
  readonly store: Pick<
    SagaStore,
    "leaseOutbox" | "listAbandonedOutboxes" | "readOutbox" | "settleOutbox" | "releaseOutbox"
  >;
  /** Under a transactional id that is the outbox's own. */
  readonly openPublisher: (outboxId: string) => Promise<OpenLanePublisher>;
  readonly readBack: ReadBack;
  readonly shrink: ShrinkMessage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reachCrashPoint?: ReachCrashPoint;
}

const lookIntervalMs = 3_000;

export function createSagaOutbox(options: SagaOutboxOptions): SagaOutbox {
  const { id, store, openPublisher, clock } = options;
  const reachCrashPoint = options.reachCrashPoint ?? (() => undefined);
  /** Opened with `start`; until then the lane only gathers. */
  let own: OpenLanePublisher | undefined;
  const lane = createOutboxLane({
    ...options,
    owner: id,
    publisher: {
      init: () => publisherOf(own).init(),
      publishAll: (records) => publisherOf(own).publishAll(records),
    },
    reachCrashPoint,
  });
  let serving: Promise<void> = Promise.resolve();
  let draining: Promise<void> = Promise.resolve();
  let stopDraining: (() => Promise<void>) | undefined;
  let cancelLook: (() => void) | undefined;
  let stopped = false;

  function lookLater(): void {
    if (stopped) return;
    cancelLook = clock.after(lookIntervalMs, () => {
      draining = drainAbandoned().finally(lookLater);
    });
  }

  async function drainAbandoned(): Promise<void> {
    try {
      for (const outboxId of await store.listAbandonedOutboxes(clock.nowMs())) {
        if (stopped) return;
        if (outboxId !== id) await drain(outboxId);
      }
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }

  async function drain(outboxId: string): Promise<void> {
    const publisher = await openPublisher(outboxId);
    const other = createOutboxLane({ ...options, id: outboxId, owner: id, publisher, reachCrashPoint });
    stopDraining = () => other.stop();
    options.logger.info("An outbox without an owner is published", { outbox: outboxId });
    await other.drain();
    await other.stop();
    stopDraining = undefined;
    await publisher.close();
  }

  return {
    id,
    offer: (firstSeq, messages) => lane.offer(firstSeq, messages),
    published: (seq) => lane.published(seq),
    get blockedBy() {
      return lane.blockedBy;
    },
    async start() {
      const opened = await openPublisher(id);
      if (stopped) return opened.close();
      own = opened;
      serving = lane.serve();
      lookLater();
    },
    async stop() {
      stopped = true;
      cancelLook?.();
      await Promise.all([lane.stop(), stopDraining?.()]);
      await serving;
      await draining;
      await own?.close();
    },
  };
}

function publisherOf(publisher: OpenLanePublisher | undefined): OpenLanePublisher {
  if (publisher === undefined) throw new Error("the outbox has not been started");
  return publisher;
}
