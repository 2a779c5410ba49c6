// A service's start: from the start of its process until `/health/ready` says yes, and what it takes of memory then and
// after some seconds in which nobody wants anything.
import { join } from "node:path";
import { findFreePort } from "../../test/parts/free-port.ts";
import { untilReady } from "../http-load.ts";
import { startProgram } from "../measured-program.ts";

export interface StartFigures {
  readonly startMs: number;
  readonly rssStartMb: number;
  readonly rssRestMb: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Takes away what this process may have been given, so that a service brings its own parts. */
export const embedded: Environment = {
  KAFKA_BROKERS: undefined,
  SCHEMA_REGISTRY_URL: undefined,
  DATABASE_URL: undefined,
};
const restMs = 5000;
const askEveryMs = 5;

export async function measureStart(
  service: "cart" | "order",
  environment: Environment,
): Promise<StartFigures> {
  const port = await findFreePort();
  const program = startProgram({
    name: service,
    command: [process.execPath, join(import.meta.dirname, "..", "..", service, "main.ts")],
    environment: () => ({
      ...environment,
      [`${service.toUpperCase()}_PORT`]: String(port),
      LOG_LEVEL: "warn",
      LOG_FORMAT: "json",
    }),
    saysRunning: () => false,
  });
  try {
    await Promise.race([untilReady(`http://127.0.0.1:${port}`, askEveryMs), program.failed]);
    const startMs = performance.now() - program.startedAtMs;
    const { rssMb: rssStartMb } = program.figures();
    await Promise.race([Bun.sleep(restMs), program.failed]);
    return { startMs, rssStartMb, rssRestMb: program.figures().rssMb };
  } finally {
    await program.stop();
  }
}
