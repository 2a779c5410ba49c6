// Every statement takes long: what is in memory stays bounded, partitions pause instead, and the group keeps its members.
import { openSlowStatements } from "../../../bench/saga/slow-statements.ts";
import type { Fault } from "../fault.ts";
import { intentAs, type PlannedRecord } from "../intent.ts";
import type { Stage } from "../stage.ts";
import { createChecks } from "./checks.ts";
import { readMetric, readResidentBytes } from "./read-stage.ts";

/** Of order's inbox, and what one poll may bring beyond it. */
const maxInbox = 20_000;
const onePoll = 20_000;
const megabyte = 1024 * 1024;

interface Sample {
  readonly inbox: number;
  readonly paused: number;
  readonly running: number;
  readonly bytes: number;
}

function slowStore(name: string, pace: Fault["pace"], events: number, delayMs: number): Fault {
  return {
    name,
    row: "slow store",
    pace,
    ownStage: { ordersPerSecond: 0 },
    async run(stage) {
      const checks = createChecks(stage);
      const [order] = stage.orders;
      const slow = await openSlowStatements(stage.databaseUrl, delayMs);
      const samples: Sample[] = [];
      let sampling = true;
      try {
        await order.stop();
        await publishMany(stage, events);
        await order.start({ DATABASE_URL: slow.through(stage.databaseUrl) });
        await order.untilReady();
        const sampler = (async () => {
          while (sampling) {
            const sample = await look(stage).catch(() => undefined);
            if (sample !== undefined) samples.push(sample);
            await Bun.sleep(100);
          }
        })();
        const tookMs = await checks.caughtUp(240_000);
        sampling = false;
        await sampler;
        const most = (of: (sample: Sample) => number) => Math.max(0, ...samples.map(of));
        const paused = most((sample) => sample.paused);
        checks.expect("partitions pause", paused > 0, `${samples.length} looks`);
        const inbox = most((sample) => sample.inbox);
        checks.expect("what is in flight is bounded", inbox <= maxInbox + onePoll, `${inbox} records`);
        checks.expect(
          "the consumers stay in their group",
          samples.every(({ running }) => running > 0),
        );
        const repeats = (await order.detail())?.redelivered;
        checks.expect("nothing is delivered twice: no rebalance", repeats === 0, `${repeats} records`);
        const growth = growthOf(samples.map(({ bytes }) => bytes));
        checks.expect("memory is flat", growth < 100 * megabyte, `${Math.round(growth / megabyte)} MB more`);
        stage.note(
          `inbox ${inbox} at most, memory ${Math.round(most(({ bytes }) => bytes) / megabyte)} MB, ${Math.round(tookMs)} ms`,
        );
        return checks.report(paused > 0, 0);
      } finally {
        sampling = false;
        await order.stop();
        slow.close();
        await order.start();
        await order.untilReady();
      }
    },
  };
}

async function publishMany(stage: Stage, events: number): Promise<void> {
  const run = stage.random.below(1_000_000);
  for (let first = 0; first < events; first += 5000) {
    await stage.publish(
      Array.from({ length: Math.min(5000, events - first) }, (_, index): PlannedRecord => {
        const orderId = `SLOW-${run}-${first + index}`;
        return {
          topic: "orders",
          key: Buffer.from(orderId),
          value: stage.writer.createB(orderId),
          headers: [intentAs({ kind: "create", system: "B", status: "new", eventId: null })],
        };
      }),
    );
  }
}

async function look({ orders: [order] }: Stage): Promise<Sample> {
  const [inbox, paused, running, bytes] = await Promise.all([
    readMetric(order.url, "orderwire_inbox_records"),
    readMetric(order.url, "orderwire_partitions_paused"),
    readMetric(order.url, "orderwire_consumer_running"),
    readResidentBytes(order.pid()),
  ]);
  return { inbox, paused, running, bytes };
}

/** From the first half's most to the second half's. */
function growthOf(bytes: readonly number[]): number {
  const middle = Math.floor(bytes.length / 2);
  return Math.max(0, ...bytes.slice(middle)) - Math.max(0, ...bytes.slice(0, middle));
}

export const slowStoreFaults: readonly Fault[] = [
  slowStore("slow-store", "quick", 60_000, 100),
  slowStore("slow-store-for-long", "long", 200_000, 300),
];
