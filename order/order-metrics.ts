// order's `/metrics`: what its rooms have counted, and what is true when somebody looks.
import type { Publisher } from "../kafka/publisher.ts";
import type { PartitionLag } from "../kafka/statistics.ts";
import type { Clock } from "../service/clock.ts";
import { createGauge, createGauges, type Gauge } from "../telemetry/gauge.ts";
import { createMetricsPage, type Family, type MetricsPage } from "../telemetry/metrics-page.ts";
import type { OrderTally } from "./order-tally.ts";
import type { SagaState } from "./saga/open-saga.ts";
import type { OrderStore } from "./store/order-store.ts";
import type { StallWatch } from "./worker/stall-watch.ts";
import type { Worker } from "./worker/worker.ts";

export interface OrderNow {
  readonly store: Pick<OrderStore, "countParked" | "letterFates" | "sagas" | "count">;
  readonly worker: Pick<Worker, "state">;
  readonly saga: { readonly state: SagaState };
  readonly publisher: Pick<Publisher, "connected" | "inFlight">;
  readonly groups: () => readonly {
    readonly groupId: string;
    readonly running: boolean;
    lag(): readonly PartitionLag[];
  }[];
  readonly stalls: Pick<StallWatch, "stalled">;
  readonly ready: () => Promise<boolean>;
  readonly clock: Clock;
}

/** `process`: what the process tells of itself. */
export function createOrderPage(tally: OrderTally, now: OrderNow, process: readonly Family[]): MetricsPage {
  const { http, publish, registry } = tally;
  const families: readonly Family[] = [
    http.requests,
    http.requestSeconds,
    http.inFlight,
    http.calls,
    http.procedureSeconds,
    tally.events,
    tally.endToEndSeconds,
    tally.retries,
    tally.deadLetters,
    tally.replayOutcomes,
    tally.sagaOutcomes,
    tally.sagaDecisions,
    tally.sagaGapSeconds,
    tally.sagaSettleSeconds,
    tally.storeCalls,
    tally.storeSeconds,
    publish.records,
    publish.seconds,
    registry.calls,
    registry.seconds,
    ...workGauges(now),
    ...consumerGauges(now),
    ...storeGauges(now),
    ...process,
  ];
  return createMetricsPage(families, { service: "order" }, now.clock);
}

function workGauges({ worker, saga, publisher, stalls, ready }: OrderNow): readonly Family[] {
  return [
    createGauge("ready", "What /health/ready answers: 1 while work may be sent here.", async () =>
      Number(await ready()),
    ),
    createGauge("breaker_open", "1 while the breaker stops consumption and tries one event at a time.", () =>
      Number(worker.state.breaker.state !== "closed"),
    ),
    createGauges("waiting", "1 while work waits for this to come back.", ["work", "what"], () => [
      waiting("orders", "store", worker.state.waitingFor === "the store"),
      waiting("orders", "registry", worker.state.waitingFor === "the schema registry"),
      waiting("orders", "dead_letter_topic", worker.state.dlqBlockedBy !== undefined),
      waiting("sagas", "store", saga.state.waitingFor === "the store"),
      waiting("sagas", "registry", saga.state.waitingFor === "the schema registry"),
      waiting("sagas", "outbox", saga.state.blockedBy !== undefined),
    ]),
    createGauge("inbox_records", "Delivered records that are not worked on yet.", () => worker.state.inbox),
    createGauge(
      "dead_letters_in_flight",
      "Dead letters whose acknowledgement is awaited.",
      () => worker.state.dying,
    ),
    createGauge("partitions_paused", "Partitions that back-pressure holds.", () => worker.state.paused),
    createGauge(
      "partitions_stalled",
      "Partitions with records to read and no progress.",
      () => stalls.stalled.length,
    ),
    createGauge("publish_in_flight", "Records without an answer of the broker.", () => publisher.inFlight),
    createGauge("broker_connected", "1 while a Kafka broker answers.", () => Number(publisher.connected)),
    redelivered(worker),
  ];
}

/** The worker's own count. */
function redelivered(worker: OrderNow["worker"]) {
  return {
    kind: "counter" as const,
    name: "redelivered_records",
    help: "Records that came again although the store had them.",
    sets: {},
    series: () => [{ labels: {}, value: worker.state.redelivered }],
  };
}

function waiting(work: string, what: string, isSo: boolean) {
  return { labels: { work, what }, value: Number(isSo) };
}

function consumerGauges({ groups }: OrderNow): readonly Gauge[] {
  return [
    createGauges("consumer_running", "1 while the group is joined and asks for records.", ["group"], () =>
      groups().map(({ groupId, running }) => ({ labels: { group: groupId }, value: Number(running) })),
    ),
    createGauges(
      "consumer_lag_records",
      "Records of an assigned partition that are written and not handed over.",
      ["group", "topic", "partition"],
      () =>
        groups().flatMap((group) =>
          group
            .lag()
            .flatMap(({ topic, partition, lag }) =>
              lag === null
                ? []
                : [{ labels: { group: group.groupId, topic, partition: String(partition) }, value: lag }],
            ),
        ),
    ),
  ];
}

/** Questions to the store are asked at most so often, however many read the page. */
const storeFreshMs = 5000;

/** From the store, so all instances that share it tell the same. */
function storeGauges({ store, clock }: OrderNow): readonly Gauge[] {
  const fresh = <Value>(ask: () => Promise<Value>) => askedAtMost(clock, storeFreshMs, ask);
  const sagaStats = fresh(() => store.sagas.stats());
  const oldestOpenAtMs = fresh(() => store.letterFates.oldestOpenAtMs());
  return [
    createGauge(
      "orders",
      "Stored orders of systems A and B.",
      fresh(() => store.count()),
    ),
    createStoreGauges(
      "parked_records",
      "Records that wait in the store.",
      "state",
      fresh(() => store.countParked()),
    ),
    createStoreGauges(
      "dead_letters",
      "Dead letters by what became of them.",
      "state",
      fresh(() => store.letterFates.countByState()),
    ),
    createGauge(
      "dead_letters_oldest_open_seconds",
      "Since the oldest open dead letter failed; 0 without one.",
      async () => {
        const failedAtMs = await oldestOpenAtMs();
        return failedAtMs === undefined ? 0 : Math.max(0, (clock.nowMs() - failedAtMs) / 1000);
      },
    ),
    createStoreGauges(
      "saga_orders",
      "Orders of system C by status.",
      "status",
      async () => (await sagaStats()).orders,
    ),
    createGauge(
      "saga_pending_decisions",
      "Decisions that wait for their partner or their order.",
      async () => (await sagaStats()).decisions.pending,
    ),
    createGauge(
      "saga_unpublished_records",
      "Records of system C that are stored and not published yet.",
      async () => (await sagaStats()).unpublished,
    ),
  ];
}

/** The last answer while it is fresh. One that failed is not kept. */
function askedAtMost<Value>(clock: Clock, freshMs: number, ask: () => Promise<Value>): () => Promise<Value> {
  let last: { readonly atMs: number; readonly answer: Promise<Value> } | undefined;
  return () => {
    const nowMs = clock.nowMs();
    if (last !== undefined && nowMs - last.atMs < freshMs) return last.answer;
    const asked = { atMs: nowMs, answer: ask() };
    last = asked;
    asked.answer.catch(() => {
      if (last === asked) last = undefined;
    });
    return asked.answer;
  };
}

function createStoreGauges(
  name: string,
  help: string,
  label: string,
  count: () => Promise<Readonly<Record<string, number>>>,
): Gauge {
  return {
    kind: "gauge",
    name,
    help,
    labelNames: [label],
    read: async () =>
      Object.entries(await count()).map(([key, value]) => ({ labels: { [label]: key }, value })),
  };
}
