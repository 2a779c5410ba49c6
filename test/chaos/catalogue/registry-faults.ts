// The registry is away when the services start, while they work, and has never heard of an id.
import type { Fault } from "../fault.ts";
import type { PlannedRecord } from "../intent.ts";
import { intentAs } from "../intent.ts";
import { createChecks } from "./checks.ts";
import { openCountingRegistry } from "./counting-registry.ts";
import { expectAnswered, expectStored, is503, probe, probeCart } from "./probe-cart.ts";
import { countRows } from "./read-stage.ts";

const lettersInIndex = "select count(*) from dead_letters";
const letters = `select (${lettersInIndex}) + (select count(*) from parked_records where state = 'dead')`;

const awayAtStart: Fault = {
  name: "registry-away-at-start",
  row: "registry away",
  pace: "quick",
  ownStage: { ordersPerSecond: 0 },
  async run(stage) {
    const checks = createChecks(stage);
    const [order] = stage.orders;
    await stage.until(
      "the tables are there",
      () =>
        countRows(stage, letters).then(
          () => true,
          () => false,
        ),
      30_000,
    );
    const lettersBefore = await countRows(stage, letters);
    await Promise.all([order.stop(), stage.cart.stop()]);
    await stage.registry.kill();
    let bit = false;
    try {
      await Promise.all([order.start(), stage.cart.start()]);
      await stage.publish(
        Array.from({ length: 50 }, (_, index) => ({
          topic: "orders",
          key: Buffer.from(`REGISTRY-${index}`),
          value: stage.writer.createB(`REGISTRY-${index}`),
          headers: [intentAs({ kind: "create", system: "B", status: "new", eventId: null })],
        })),
      );
      bit = await checks.expectSoon(
        "order waits for it and says so",
        async () => {
          const detail = await order.detail();
          return (
            detail?.registry.state === "down" && detail.waitingFor.some((line) => line.includes("registry"))
          );
        },
        30_000,
      );
      const cartListens = async () => (await stage.cart.statusOf("/health/live")) === 200;
      await checks.expectSoon("cart starts without it", cartListens, 30_000);
      const probes = await Promise.all([1, 2, 3].map((number) => probe(stage, `NO-${number}`)));
      expectAnswered(checks, probes);
      checks.expect("cart answers 503", probes.every(is503), probes);
      checks.expect("order's readiness is red", (await order.statusOf("/health/ready")) === 503);
      await Bun.sleep(1500);
      checks.expect(
        "no dead letter was made of it",
        (await countRows(stage, letters)) === lettersBefore,
        await countRows(stage, letters),
      );
    } finally {
      await stage.registry.restart();
    }
    const backAt = performance.now();
    await stage.untilHealth(order, 200, 30_000);
    await stage.untilHealth(stage.cart, 200, 30_000);
    await checks.caughtUp();
    return checks.report(bit, performance.now() - backAt);
  },
};

const awayInFlight: Fault = {
  name: "registry-away-in-flight",
  row: "registry away",
  pace: "quick",
  async run(stage) {
    const checks = createChecks(stage);
    await stage.untilHealth(stage.cart, 200, 30_000);
    await stage.untilCaughtUp(30_000);
    await stage.registry.kill();
    let probes;
    let recoveredMs = 0;
    try {
      const probing = probeCart(stage, 4);
      await Bun.sleep(3000);
      probes = await probing.stop();
      expectAnswered(checks, probes);
      checks.expect(
        "cart goes on with the ids that it has",
        probes.every(({ status }) => status === 201),
        probes.find(({ status }) => status !== 201),
      );
      recoveredMs = await checks.caughtUp();
      await expectStored(checks, stage, probes);
    } finally {
      await stage.registry.restart();
    }
    return checks.report(probes.length > 0, recoveredMs);
  },
};

const unknownId: Fault = {
  name: "registry-404-for-an-id",
  row: "registry away",
  pace: "quick",
  ownStage: {},
  async run(stage) {
    const checks = createChecks(stage);
    const [order] = stage.orders;
    const registry = openCountingRegistry(stage.registry.url);
    const schemaId = 1_000_000 + stage.random.below(1_000_000);
    let recoveredMs = 0;
    try {
      await order.stop();
      await order.start({ SCHEMA_REGISTRY_URL: registry.url });
      await order.untilReady();
      const before = await countRows(stage, lettersInIndex);
      const records = Array.from({ length: 60 }, (_, index) => ofSchema(schemaId, `ID-${index}`));
      // Twice, so that the second comes when the answer is known.
      await stage.publish(records.slice(0, 30));
      await stage.untilCaughtUp(20_000);
      await stage.publish(records.slice(30));
      recoveredMs = await checks.caughtUp();
      await checks.expectSoon(
        "each is one dead letter",
        async () => (await countRows(stage, lettersInIndex)) - before >= records.length,
        20_000,
      );
      const lookUps = registry.lookUpsOf(schemaId);
      checks.expect("after one look-up for all of them", lookUps === 1, `${lookUps} look-ups`);
      return checks.report(lookUps > 0, recoveredMs);
    } finally {
      await order.stop();
      await order.start();
      await order.untilReady();
      registry.close();
    }
  },
};

function ofSchema(schemaId: number, orderId: string): PlannedRecord {
  const value = Buffer.alloc(20, 2);
  value.writeUInt8(0, 0);
  value.writeUInt32BE(schemaId, 1);
  return {
    topic: "orders",
    key: Buffer.from(orderId),
    value,
    headers: [intentAs({ kind: "poison", reasons: ["unknown_schema_id"] })],
  };
}

export const registryFaults: readonly Fault[] = [awayAtStart, awayInFlight, unknownId];
