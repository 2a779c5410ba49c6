// Replays with everything they need: who carries them out in this process, and what operators can order.
import { hostname } from "node:os";
import type { ReplayOperations } from "../../contract/ports.ts";
import { systemClock } from "../../service/clock.ts";
import type { Closing } from "../../service/closing.ts";
import type { Logger } from "../../service/logger.ts";
import { replayTopicOf, type Settings } from "../../service/settings.ts";
import { type OpenedWorker, orderGroups } from "../open-worker.ts";
import type { OrderTally } from "../order-tally.ts";
import type { OrderStore } from "../store/order-store.ts";
import { auditEnd, createReplayOperations } from "./replay-operations.ts";
import { createReplayRunner } from "./replay-runner.ts";

export interface OpenReplaysOptions {
  readonly settings: Settings;
  readonly store: OrderStore;
  readonly worker: OpenedWorker;
  readonly logger: Logger;
  readonly closing: Closing;
  readonly tally: Pick<OrderTally, "replayOutcomes">;
}

/** Registers what it opens with `closing`. */
export function openReplays({
  settings,
  store,
  worker,
  logger,
  closing,
  tally,
}: OpenReplaysOptions): ReplayOperations {
  const ordersTopics = orderGroups(settings);
  const isOurs = (topic: string) => ordersTopics.has(topic);
  const runner = createReplayRunner({
    store: store.replays,
    publisher: worker.publisher,
    topic: replayTopicOf(settings),
    // Of this life of the process: what it held in another one it does not remember.
    owner: `${hostname()}-${process.pid}-${crypto.randomUUID()}`,
    isOurs,
    clock: systemClock,
    logger,
    // Those with an effect were counted with their batch.
    onEnded: ({ counts }) => tally.replayOutcomes.add({ outcome: "skipped" }, counts.skipped),
    conclude: (job) => auditEnd(store, job, Date.now()),
  });
  closing.add(() => runner.stop());
  return createReplayOperations({
    store,
    reader: worker.reader,
    sourceOf: worker.sourceOf,
    isOurs,
    codec: worker.codec,
    isEditingOn: settings.DLQ_EDIT === "on",
    ordersDlqTopic: settings.KAFKA_DLQ_TOPIC,
    simulate: worker.simulate,
    now: () => Date.now(),
    newId: () => crypto.randomUUID(),
    onOrdered: () => runner.poke(),
  });
}
