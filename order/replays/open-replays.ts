// Replays with everything they need: who carries them out in this process, and what operators can order.
import { hostname } from "node:os";
import type { ReplayOperations } from "../../contract/ports.ts";
import { systemClock } from "../../service/clock.ts";
import type { Closing } from "../../service/closing.ts";
import type { Logger } from "../../service/logger.ts";
import type { Settings } from "../../service/settings.ts";
import { replayTopicOf, sagaReplayTopicOf } from "../../service/settings/topic-names.ts";
import type { Tracing } from "../../telemetry/tracing.ts";
import { type OpenedWorker, orderGroups } from "../open-worker.ts";
import type { OpenSaga } from "../saga/open-saga.ts";
import type { OrderTally } from "../order-tally.ts";
import type { OrderStore } from "../store/order-store.ts";
import type { ReplayRoute } from "./job-run.ts";
import { auditEnd, createReplayOperations } from "./replay-operations.ts";
import { createReplayRunner } from "./replay-runner.ts";

export interface OpenReplaysOptions {
  readonly settings: Settings;
  readonly store: OrderStore;
  readonly worker: OpenedWorker;
  readonly saga: Pick<OpenSaga, "reader">;
  readonly logger: Logger;
  readonly closing: Closing;
  readonly tally: Pick<OrderTally, "replayOutcomes">;
  readonly tracing: Tracing | undefined;
}

/** Registers what it opens with `closing`. */
export function openReplays({
  settings,
  store,
  worker,
  saga,
  logger,
  closing,
  tally,
  tracing,
}: OpenReplaysOptions): ReplayOperations {
  const ordersTopics = orderGroups(settings);
  const isOurs = (topic: string) => ordersTopics.has(topic);
  const decisionTopics = new Set([settings.SAGA_PAYMENT_TOPIC, settings.SAGA_STOCK_TOPIC]);
  const routes = new Map<string, ReplayRoute>([
    ...[...ordersTopics.keys()].map(
      (topic) => [topic, { topic: replayTopicOf(settings), needsKey: true }] as const,
    ),
    // The key of a decision decides nothing.
    ...[...decisionTopics].map(
      (topic) => [topic, { topic: sagaReplayTopicOf(settings), needsKey: false }] as const,
    ),
  ]);
  const runner = createReplayRunner({
    store: store.replays,
    publisher: worker.publisher,
    // Of this life of the process: what it held in another one it does not remember.
    owner: `${hostname()}-${process.pid}-${crypto.randomUUID()}`,
    routeOf: (topic) => routes.get(topic),
    tracing,
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
    decisions: {
      isOurs: (topic) => decisionTopics.has(topic),
      reader: saga.reader,
      store: store.sagas,
      windowMs: settings.SAGA_JOIN_WINDOW,
    },
    codec: worker.codec,
    isEditingOn: settings.DLQ_EDIT === "on",
    ordersDlqTopic: settings.KAFKA_DLQ_TOPIC,
    simulate: worker.simulate,
    now: () => Date.now(),
    newId: () => crypto.randomUUID(),
    onOrdered: () => runner.poke(),
  });
}
