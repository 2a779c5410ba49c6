// cart under creates at full speed for a longer time: whether its memory stays flat.
import { join } from "node:path";
import { load, untilReady } from "../http-load.ts";
import { startProgram } from "../measured-program.ts";
import type { RoundOutcome } from "../run-rounds.ts";

export interface CartLoad {
  readonly environment: Readonly<Record<string, string>>;
  /** As the environment has it. */
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
}

const tenths = 10;

/** Throws when a create is refused. */
export async function measureCartLoad({
  environment,
  port,
  connections,
  seconds,
}: CartLoad): Promise<RoundOutcome> {
  const url = `http://127.0.0.1:${port}`;
  const program = startProgram({
    name: "cart",
    command: [process.execPath, join(import.meta.dirname, "..", "..", "cart", "main.ts")],
    environment: () => ({ ...environment, LOG_LEVEL: "error", LOG_FORMAT: "json" }),
    saysRunning: () => false,
  });
  try {
    await Promise.race([untilReady(url), program.failed]);
    const rssMb = [program.figures().rssMb];
    const timer = setInterval(
      () => {
        if (rssMb.length <= tenths) rssMb.push(program.figures().rssMb);
      },
      (seconds * 1000) / tenths,
    );
    const before = program.figures();
    const { requests } = await load(url, connections, seconds, "flat-").finally(() => clearInterval(timer));
    const after = program.figures();
    return {
      figures: {
        events: requests,
        eventsPerSecond: requests / seconds,
        cpuMicrosPerEvent: ((after.cpuMs - before.cpuMs) * 1000) / requests,
        rssPeakMb: after.peakRssMb,
      },
      series: { rssMb },
    };
  } finally {
    await program.stop();
  }
}
