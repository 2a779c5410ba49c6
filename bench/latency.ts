// `bun run bench -- latency`: how long after its 201 an order can be read from order-details, at a steady rate of creates
// over HTTP: cart, Kafka, order and PostgreSQL, each a process of its own, and both clients in this one. Every order is
// sent at its own time, however late the answers are; of some of them order-details is asked again and again until it has
// them, with a millisecond between two questions, which is therefore the resolution.
import { eventually } from "../test/system/eventually.ts";
import { type ServiceProcess, startService } from "../test/load/service-process.ts";
import { environmentOn } from "../test/system/real-environment.ts";
import type { BenchPart, PartContext } from "./bench-part.ts";
import type { MeasuredCase } from "./report/result-file.ts";
import { type RoundOutcome, runRounds } from "./run-rounds.ts";

interface LatencyFigures {
  /** From the 201 to the first answer of order-details with the order. */
  readonly visible: Shares;
  /** From the request being due to its 201: what the open loop adds when the machine cannot keep up is in it. */
  readonly accepted: Shares;
  readonly sentPerSecond: number;
  readonly samples: number;
}

interface Shares {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const warmUpSeconds = 3;
const samplesPerSecond = 50;
const giveUpMs = 10_000;

export const latencyName = "201 → visible";

export const latency: BenchPart = {
  name: "latency",
  full: { rates: [100, 1000, 5000], seconds: 6, rounds: 3 },
  quick: { rates: [100, 1000], seconds: 3, rounds: 1 },
  run: benchLatency,
};

async function benchLatency({ options, servers, display }: PartContext): Promise<readonly MeasuredCase[]> {
  const heats = options.rates.map((rate) => ({
    group: `${rate} orders/s`,
    name: latencyName,
    run: () => runCase(rate, options.seconds, servers.environment),
  }));
  return runRounds(heats, options.rounds, display);
}

async function runCase(
  rate: number,
  seconds: number,
  addresses: Parameters<typeof environmentOn>[0],
): Promise<RoundOutcome> {
  const own = environmentOn(addresses);
  const settings = {
    ...(await own.open()),
    LOG_LEVEL: "error",
    LOG_FORMAT: "json",
    SIMULATED_FAILURES: "off",
  };
  const [cart, order] = await Promise.all([startService("cart", settings), startService("order", settings)]);
  try {
    await run(rate, warmUpSeconds, "W", cart, order);
    return { figures: toFigures(await run(rate, seconds, "M", cart, order)) };
  } finally {
    await Promise.all([cart.stop(), order.stop()]);
    await own.remove();
  }
}

async function run(
  rate: number,
  seconds: number,
  prefix: string,
  cart: ServiceProcess,
  order: ServiceProcess,
): Promise<LatencyFigures> {
  const total = rate * seconds;
  const sampleEvery = Math.max(1, Math.round(rate / samplesPerSecond));
  const accepted: number[] = [];
  const visible: number[] = [];
  const running: Promise<void>[] = [];
  const startedAtMs = performance.now();

  async function create(index: number, dueAtMs: number): Promise<void> {
    const orderId = `${prefix}-${index}`;
    const response = await fetch(`${cart.url}/create-order`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{"orderId":"${orderId}","itemsCount":3}`,
    });
    const acceptedAtMs = performance.now();
    const told = await response.text();
    if (response.status !== 201) throw new Error(`a create was answered with ${response.status}: ${told}`);
    accepted.push(acceptedAtMs - dueAtMs);
    if (index % sampleEvery !== 0) return;
    const address = `${order.url}/order-details?orderId=${orderId}`;
    while (!(await isThere(address))) {
      if (performance.now() - acceptedAtMs > giveUpMs) throw new Error(`${orderId} was not there after 10 s`);
      await Bun.sleep(1);
    }
    visible.push(performance.now() - acceptedAtMs);
  }

  for (let sent = 0; sent < total;) {
    // The first one is due at once: rounded down alone, each would be sent when the next one is due.
    const due = Math.min(total, Math.floor(((performance.now() - startedAtMs) * rate) / 1000) + 1);
    for (; sent < due; sent += 1) running.push(create(sent, startedAtMs + (sent * 1000) / rate));
    await Bun.sleep(1);
  }
  const sentPerSecond = (total * 1000) / (performance.now() - startedAtMs);
  await Promise.all(running);
  // The next run shall not begin behind this one's orders.
  await eventually(async () => {
    if (!(await isThere(`${order.url}/order-details?orderId=${prefix}-${total - 1}`)))
      throw new Error("behind");
  }, giveUpMs);
  return {
    visible: sharesOf(visible),
    accepted: sharesOf(accepted),
    sentPerSecond,
    samples: visible.length,
  };
}

async function isThere(address: string): Promise<boolean> {
  const response = await fetch(address);
  await response.arrayBuffer();
  return response.status === 200;
}

function sharesOf(values: readonly number[]): Shares {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

function toFigures({ visible, accepted, sentPerSecond, samples }: LatencyFigures): RoundOutcome["figures"] {
  return {
    visibleP50Ms: visible.p50Ms,
    visibleP99Ms: visible.p99Ms,
    visibleMaxMs: visible.maxMs,
    acceptedP50Ms: accepted.p50Ms,
    acceptedP99Ms: accepted.p99Ms,
    sentPerSecond,
    samples,
  };
}
