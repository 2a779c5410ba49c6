// Joins a second: both topics are full before the program starts, and the clock runs until a reader of committed records has
// every order's result. Then the program is stopped, and each order must have one result and the right one.
import { startProgram } from "../measured-program.ts";
import { openResultReader, requireResults } from "../saga/saga-results.ts";
import type { JoinFigures, SagaCase } from "./saga-case.ts";

export async function measureJoins(options: SagaCase): Promise<JoinFigures> {
  const { brokers, ordersTopic: topic, orders, logger } = options;
  const reader = await openResultReader({ brokers, topic, logger });
  const program = startProgram(options.program);
  const untilOrFailed = <Value>(what: Promise<Value>) => Promise.race([what, program.failed]);
  try {
    const runningAtMs = await untilOrFailed(program.running);
    const atStart = program.figures();
    await untilOrFailed(reader.reached(orders, () => program.lastLines()));
    const atEnd = program.figures();
    const arrivals = [...reader.arrivedAtMs.values()];
    const [firstAtMs = 0, lastAtMs = 0] = [arrivals[0], arrivals.at(-1)];
    await program.stop();
    await requireResults({ brokers, topic, logger }, orders);
    const { expired } = await options.requireStored();
    return {
      orders,
      joinsPerSecond: (orders * 1000) / (lastAtMs - runningAtMs),
      firstResultSeconds: (firstAtMs - program.startedAtMs) / 1000,
      rssAtStartMb: atStart.rssMb,
      peakRssMb: atEnd.peakRssMb,
      cpuMicrosPerJoin: ((atEnd.cpuMs - atStart.cpuMs) * 1000) / orders,
      expired,
    };
  } finally {
    await program.stop();
    await reader.close();
  }
}
