// The broker is stopped, killed or frozen: cart says so in time, order waits, and both go on by themselves.
import type { Fault } from "../fault.ts";
import type { Stage } from "../stage.ts";
import { createChecks } from "./checks.ts";
import { expectAnswered, expectStored, is503, probe, probeCart } from "./probe-cart.ts";

interface Outage {
  readonly name: string;
  readonly pace: Fault["pace"];
  /** Resolves when the broker is back. */
  readonly during: (stage: Stage) => Promise<void>;
}

function brokerAway({ name, pace, during }: Outage): Fault {
  return {
    name,
    row: "broker away",
    pace,
    async run(stage) {
      const checks = createChecks(stage);
      const [order] = stage.orders;
      await stage.untilHealth(stage.cart, 200, 30_000);
      stage.load.burst(200);
      const probing = probeCart(stage);
      let reads: (number | undefined)[] = [];
      let probes;
      try {
        const away = during(stage);
        await Bun.sleep(1000);
        reads = await Promise.all([1, 2, 3].map(() => order.statusOf("/order-details?orderId=NOBODY")));
        await away;
      } finally {
        stage.kafka.resume();
        probes = await probing.stop();
      }
      const backAt = performance.now();
      expectAnswered(checks, probes);
      checks.expect(
        "order went on answering reads",
        reads.every((status) => status === 404),
        reads,
      );
      await checks.expectSoon(
        "cart takes orders again within 20 s",
        async () => {
          const again = await probe(stage, `AGAIN-${stage.random.below(1_000_000_000)}`);
          return again.status === 201;
        },
        20_000,
      );
      await checks.caughtUp();
      const recoveredMs = performance.now() - backAt;
      await checks.expectSoon(
        "cart and order are healthy again",
        async () => {
          const [ofCart, ofOrder] = await Promise.all(
            [stage.cart, order].map((slot) => slot.statusOf("/health")),
          );
          if (ofCart === 200 && ofOrder === 200) return true;
          const detail = JSON.stringify(await order.detail());
          throw new Error(`cart ${ofCart}, order ${ofOrder} ${detail}: ${order.log()}`);
        },
        30_000,
      );
      await expectStored(checks, stage, probes);
      return checks.report(probes.some(is503), recoveredMs);
    },
  };
}

function stoppedFor(name: string, pace: Fault["pace"], awayMs: number): Fault {
  return brokerAway({
    name,
    pace,
    async during(stage) {
      await stage.kafka.stop();
      await Bun.sleep(awayMs);
      await stage.kafka.restart();
    },
  });
}

function frozenFor(name: string, pace: Fault["pace"], awayMs: number): Fault {
  return brokerAway({
    name,
    pace,
    async during(stage) {
      stage.kafka.pause();
      await Bun.sleep(awayMs);
      stage.kafka.resume();
    },
  });
}

const killed = brokerAway({
  name: "broker-killed",
  pace: "quick",
  async during(stage) {
    await stage.kafka.kill();
    await Bun.sleep(5000);
    await stage.kafka.restart();
  },
});

export const brokerFaults: readonly Fault[] = [
  stoppedFor("broker-stopped", "quick", 6000),
  stoppedFor("broker-stopped-30-s", "long", 30_000),
  killed,
  frozenFor("broker-frozen", "quick", 9000),
  frozenFor("broker-frozen-30-s", "long", 30_000),
];
