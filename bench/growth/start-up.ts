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

/** `both`: with parts of their own, as `bun run start` starts them. */
export type StartedProgram = "cart" | "order" | "both";

type Environment = Readonly<Record<string, string | undefined>>;

/** Takes away what this process may have been given, so that a service brings its own parts. */
export const embedded: Environment = {
  KAFKA_BROKERS: undefined,
  SCHEMA_REGISTRY_URL: undefined,
  DATABASE_URL: undefined,
};
const restMs = 3000;
const askEveryMs = 5;

const checkout = join(import.meta.dirname, "..", "..");
const programs: Readonly<Record<StartedProgram, string>> = {
  cart: join("cart", "main.ts"),
  order: join("order", "main.ts"),
  both: "main.ts",
};

export async function measureStart(started: StartedProgram, environment: Environment): Promise<StartFigures> {
  const [cartPort, orderPort] = [await findFreePort(), await findFreePort()];
  const ports = { cart: [cartPort], order: [orderPort], both: [cartPort, orderPort] }[started];
  const program = startProgram({
    name: started,
    command: [process.execPath, join(checkout, programs[started])],
    environment: () => ({
      ...environment,
      CART_PORT: String(cartPort),
      ORDER_PORT: String(orderPort),
      LOG_LEVEL: "warn",
      LOG_FORMAT: "json",
    }),
    saysRunning: () => false,
  });
  try {
    const allReady = Promise.all(ports.map((port) => untilReady(`http://127.0.0.1:${port}`, askEveryMs)));
    await Promise.race([allReady, program.failed]);
    const startMs = performance.now() - program.startedAtMs;
    const { rssMb: rssStartMb } = program.figures();
    await Promise.race([Bun.sleep(restMs), program.failed]);
    return { startMs, rssStartMb, rssRestMb: program.figures().rssMb };
  } finally {
    await program.stop();
  }
}
