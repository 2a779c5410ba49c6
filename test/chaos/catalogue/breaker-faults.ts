// Nothing but poison, and one and the same defect on many orders: order stops and tries one record at a time instead of
// filling the dead-letter queue, and goes on by itself when one goes well.
import { undecodableFlood } from "../../../order/dead-letters/breaker.ts";
import type { Fault } from "../fault.ts";
import { intentAs, type PlannedRecord } from "../intent.ts";
import type { Stage } from "../stage.ts";
import { createChecks } from "./checks.ts";
import { garbage } from "./garbage.ts";
import { countRows, withSql } from "./read-stage.ts";

/** Order looks at so many records before it calls a flood a flood. */
const floodWindow = undecodableFlood.undecodableWindow;
const indexed = "select count(*) from dead_letters";
const dead = `select (${indexed}) + (select count(*) from parked_records where state = 'dead')`;

function createOf(stage: Stage, orderId: string, partition?: number): PlannedRecord {
  return {
    topic: "orders",
    ...(partition === undefined ? {} : { partition }),
    key: Buffer.from(orderId),
    value: stage.writer.createB(orderId),
    headers: [intentAs({ kind: "create", system: "B", status: "new", eventId: null })],
  };
}

const isOpen = async (stage: Stage): Promise<boolean> => {
  const breaker = (await stage.orders[0].detail())?.breaker;
  return breaker !== undefined && breaker.state !== "closed" && breaker.cause !== null;
};

function poisonOnly(name: string, pace: Fault["pace"], more: number, lookMs: number): Fault {
  return {
    name,
    row: "poison only",
    pace,
    ownStage: { ordersPerSecond: 0 },
    async run(stage) {
      const checks = createChecks(stage);
      const [order] = stage.orders;
      await stage.untilHealth(order, 200, 30_000);
      await stage.publish(garbage("FLOOD", floodWindow + more, { partition: 0, keys: 50 }));
      const bit = await checks.expectSoon(
        "the breaker opens and names the cause",
        () => isOpen(stage),
        30_000,
      );
      const ready = await order.statusOf("/health/ready");
      checks.expect("readiness is red", ready === 503, ready);
      await Bun.sleep(lookMs);
      const made = (await countRows(stage, dead)) - floodWindow;
      // One a probe, and probes are 1, 2, 4 … seconds apart, 30 s at the most.
      const probes = Math.ceil(Math.log2(lookMs / 1000 + 2)) + lookMs / 30_000;
      checks.expect(
        "meanwhile it makes a dead letter a probe, and no more",
        made <= probes,
        `${made} in ${lookMs} ms`,
      );
      const backAt = performance.now();
      await stage.publish([createOf(stage, "AFTER-THE-FLOOD", 0)]);
      // Somebody has stopped the producer of the poison, and starts order anew rather than wait for ever rarer probes.
      if (more > 10) {
        await order.stop();
        await order.start();
      }
      await checks.expectSoon(
        "a good record closes it",
        async () => (await order.statusOf("/order-details?orderId=AFTER-THE-FLOOD")) === 200,
        60_000,
      );
      await stage.untilHealth(order, 200, 30_000);
      await stage.untilCaughtUp(30_000);
      return checks.report(bit, performance.now() - backAt);
    },
  };
}

/** A defect of the database's: it refuses certain orders for a reason that nobody foresaw. */
const sameCause: Fault = {
  name: "same-cause-on-many-keys",
  row: "poison only",
  pace: "quick",
  ownStage: { ordersPerSecond: 0 },
  async run(stage) {
    const checks = createChecks(stage);
    const [order] = stage.orders;
    await stage.untilHealth(order, 200, 30_000);
    const run = (statement: string) => withSql(stage.databaseUrl, (sql) => sql.unsafe(statement));
    await run(`
      create function chaos_defect() returns trigger language plpgsql as $$
        begin raise exception 'a defect of the release'; end $$;
      create trigger chaos_defect before insert on orders for each row
        when (new.order_id like 'DEFECT-%') execute function chaos_defect()`);
    let bit = false;
    try {
      const ids = Array.from({ length: 60 }, (_, index) => `DEFECT-${index}`);
      await stage.publish(ids.map((orderId) => createOf(stage, orderId)));
      bit = await checks.expectSoon("the breaker opens and names the cause", () => isOpen(stage), 30_000);
      const ready = await order.statusOf("/health/ready");
      checks.expect("readiness is red", ready === 503, ready);
      await Bun.sleep(6000);
      const made = await countRows(stage, dead);
      checks.expect("no dead letter was made", made === 0, `${made} letters`);
    } finally {
      await run("drop trigger chaos_defect on orders; drop function chaos_defect");
    }
    const backAt = performance.now();
    await checks.expectSoon(
      "with the defect gone every order is there",
      async () =>
        (await countRows(stage, "select count(*) from orders where order_id like 'DEFECT-%'")) === 60,
      90_000,
    );
    checks.expect("and none is a dead letter", (await countRows(stage, dead)) === 0);
    await stage.untilHealth(order, 200, 30_000);
    return checks.report(bit, performance.now() - backAt);
  },
};

export const breakerFaults: readonly Fault[] = [
  poisonOnly("poison-only", "quick", 2, 3000),
  poisonOnly("poison-only-for-minutes", "long", 30, 120_000),
  sameCause,
];
