// Asks cart for orders without a pause while something is away, and keeps how each request ended and after how long.
import { withSql } from "./read-stage.ts";
import type { Checks } from "./checks.ts";
import type { Stage } from "../stage.ts";

export interface Probe {
  readonly orderId: string;
  /** HTTP status, or how the connection ended. */
  readonly status: number | string;
  readonly tookMs: number;
  readonly retryAfter: string | null;
}

export interface Probing {
  /** Resolves when the last request has ended. */
  stop(): Promise<readonly Probe[]>;
}

/** Of cart; after it, it has answered. */
const cartDeadlineMs = 8000;
const givenUpAfterMs = 15_000;

export function probeCart(stage: Stage, clients = 8): Probing {
  const run = `PROBE-${stage.random.below(1_000_000_000)}`;
  const probes: Probe[] = [];
  let stopped = false;

  async function client(number: number): Promise<void> {
    for (let index = 0; !stopped; index += 1) {
      probes.push(await probe(stage, `${run}-${number}-${index}`));
      await Bun.sleep(50);
    }
  }

  const running = Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  return {
    async stop() {
      stopped = true;
      await running;
      return probes;
    },
  };
}

/** One create of system B by cart of the stage; what it was told is in the run's account. */
export async function probe(stage: Stage, orderId: string): Promise<Probe> {
  const probed = await probeAt(stage.cart.url, orderId);
  const { status } = probed;
  const answer = String(status);
  stage.told({ request: "create", system: "B", way: "plain", orderId, outcome: outcomeOf(status), answer });
  return probed;
}

function outcomeOf(status: Probe["status"]): "ok" | "fail" | "unknown" {
  if (status === 201) return "ok";
  return typeof status === "number" && status >= 400 && status < 500 ? "fail" : "unknown";
}

export async function probeAt(url: string, orderId: string): Promise<Probe> {
  const startedAt = performance.now();
  const ended = (status: number | string, retryAfter: string | null): Probe => ({
    orderId,
    status,
    tookMs: Math.round(performance.now() - startedAt),
    retryAfter,
  });
  try {
    const response = await fetch(`${url}/create-order`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ orderId, itemsCount: 1 }),
      signal: AbortSignal.timeout(givenUpAfterMs),
    });
    await response.arrayBuffer();
    return ended(response.status, response.headers.get("retry-after"));
  } catch (error) {
    return ended(String(error), null);
  }
}

/** No hang, no reset, nothing but 201 and 503, and each before cart's own deadline. */
export function expectAnswered(checks: Checks, probes: readonly Probe[]): void {
  const others = probes.filter(({ status }) => status !== 201 && status !== 503);
  checks.expect("cart answered every request with 201 or 503", others.length === 0, others.slice(0, 3));
  const slowest = probes.reduce((max, { tookMs }) => Math.max(max, tookMs), 0);
  checks.expect("before its own deadline of 8 s", slowest < cartDeadlineMs, `${slowest} ms`);
  const withoutTime = probes.filter(({ status, retryAfter }) => status === 503 && retryAfter === null);
  checks.expect("each 503 says when to try again", withoutTime.length === 0, withoutTime.slice(0, 3));
}

export async function expectStored(checks: Checks, stage: Stage, probes: readonly Probe[]): Promise<void> {
  const taken = probes.filter(({ status }) => status === 201).map(({ orderId }) => orderId);
  await checks.expectThat(`all ${taken.length} orders that cart acknowledged are stored`, async () => {
    const rows: { order_id: string }[] = await withSql(
      stage.databaseUrl,
      (sql) => sql`select order_id from orders where order_id in ${sql(["", ...taken])}`,
    );
    const found = new Set(rows.map(({ order_id }) => order_id));
    const lost = taken.filter((orderId) => !found.has(orderId));
    if (lost.length > 0) throw new Error(`lost: ${lost.slice(0, 5).join(", ")}`);
  });
}

export const is503 = ({ status }: Probe): boolean => status === 503;
