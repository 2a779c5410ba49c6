// End to end at a steady rate: from the moment when the later decision about an order is handed to the producer until a reader
// of committed records in the same process has the order's result. The first seconds, in which code is still being compiled,
// do not count.
import { startProgram } from "../measured-program.ts";
import { openDecisionPublisher, publishDecision } from "../saga/saga-fill.ts";
import { openResultReader, requireResults } from "../saga/saga-results.ts";
import type { LatencyFigures, SagaCase } from "./saga-case.ts";

const ordersPerSecond = 200;
const warmUpOrders = 5 * ordersPerSecond;
const measuredOrders = 20 * ordersPerSecond;
/** From an order's first decision to its second; the sides take turns. */
const betweenDecisionsMs = 20;

export const latencyOrders = warmUpOrders + measuredOrders;

export async function measureLatency(options: SagaCase): Promise<LatencyFigures> {
  const { brokers, ordersTopic: topic, logger } = options;
  const reader = await openResultReader({ brokers, topic, logger });
  const program = startProgram(options.program);
  const untilOrFailed = <Value>(what: Promise<Value>) => Promise.race([what, program.failed]);
  try {
    await untilOrFailed(program.running);
    const completedAtMs = await untilOrFailed(publishSteadily(options));
    await untilOrFailed(reader.reached(latencyOrders, () => program.lastLines()));
    await program.stop();
    await requireResults({ brokers, topic, logger }, latencyOrders);
    await options.requireStored();
    const latenciesMs = [...completedAtMs]
      .filter(([orderId]) => orderId > warmUpOrders)
      .map(([orderId, atMs]) => (reader.arrivedAtMs.get(orderId) ?? Number.NaN) - atMs)
      .toSorted((left, right) => left - right);
    const share = (part: number) => latenciesMs[Math.ceil(part * latenciesMs.length) - 1] ?? Number.NaN;
    return {
      orders: latenciesMs.length,
      p50Ms: share(0.5),
      p95Ms: share(0.95),
      p99Ms: share(0.99),
      maxMs: share(1),
    };
  } finally {
    await program.stop();
    await reader.close();
  }
}

/** By order: when its second decision was handed to the producer. */
async function publishSteadily({ brokers, decisions, logger }: SagaCase): Promise<Map<number, number>> {
  const publisher = await openDecisionPublisher(brokers, logger);
  const completedAtMs = new Map<number, number>();
  const published: Promise<void>[] = [];
  const firstAtMs = performance.now();
  const dueAtMs = (orderId: number) => firstAtMs + ((orderId - 1) * 1000) / ordersPerSecond;
  let begun = 0;
  let completed = 0;
  while (completed < latencyOrders) {
    const nowMs = performance.now();
    for (; begun < latencyOrders && dueAtMs(begun + 1) <= nowMs; begun += 1) {
      const side = begun % 2 === 0 ? "payment" : "stock";
      published.push(publishDecision(publisher, decisions, begun + 1, side));
    }
    for (; completed < begun && dueAtMs(completed + 1) + betweenDecisionsMs <= nowMs; completed += 1) {
      const side = completed % 2 === 0 ? "stock" : "payment";
      completedAtMs.set(completed + 1, performance.now());
      published.push(publishDecision(publisher, decisions, completed + 1, side));
    }
    await Bun.sleep(1);
  }
  await Promise.all(published);
  await publisher.close();
  return completedAtMs;
}
