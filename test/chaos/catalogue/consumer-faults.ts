// order killed at named points, asked to leave, frozen, joining and leaving: what is read twice has one effect, and who was
// replaced writes nothing. Whether every record has one end is for the account of the run.
import { crashPoints } from "../../../service/settings/order-settings.ts";
import type { Fault, FaultReport } from "../fault.ts";
import type { Slot, Stage } from "../stage.ts";
import { type Checks, createChecks } from "./checks.ts";
import { garbage } from "./garbage.ts";
import { readCommitted, readStoreDigest, readWork } from "./read-stage.ts";

/** Records of one batch of order's worker. */
const batchSize = 10_000;
/** Not the saga's, which has faults of its own, nor the one that only a batch has which is decided while another is written. */
const pointsOfEachBatch = crashPoints.filter(
  (point) => !point.startsWith("saga-") && point !== "after-draft",
);

function killedAt(point: (typeof crashPoints)[number]): Fault {
  return {
    name: `killed-${point}`,
    row: "consumer killed",
    pace: "quick",
    async run(stage) {
      const checks = createChecks(stage);
      const [order] = stage.orders;
      await order.stop();
      await giveWork(stage, 200);
      await order.start({ CRASH_AT: point });
      const ended = await Promise.race([order.ended(), Bun.sleep(30_000).then(() => "still running")]);
      if (ended !== "SIGKILL") await order.kill();
      await order.start();
      await order.untilReady();
      const recoveredMs = await checks.caughtUp();
      await expectOneBatch(checks, order);
      return checks.report(ended === "SIGKILL", recoveredMs);
    },
  };
}

async function expectOneBatch(checks: Checks, order: Slot): Promise<void> {
  const repeats = (await order.detail())?.redelivered;
  checks.expect(
    "at most one batch was read again",
    repeats !== undefined && repeats <= batchSize,
    `${repeats} records`,
  );
}

/** Letters are on their way as well: poison of each partition. */
async function giveWork(stage: Stage, orders: number): Promise<void> {
  stage.load.burst(orders);
  await stage.publish([0, 1, 2].flatMap((partition) => garbage(`kill-${partition}`, 3, { partition })));
}

const killedMidBatch: Fault = {
  name: "killed-mid-batch",
  row: "consumer killed",
  pace: "quick",
  async run(stage) {
    const checks = createChecks(stage);
    const [order] = stage.orders;
    await giveWork(stage, 1000);
    const before = await stage.position();
    await Bun.sleep(stage.random.between(50, 400));
    await order.kill();
    const after = await stage.position();
    // There was more to read at its death, or it read until it died.
    const bit =
      before !== undefined &&
      after !== undefined &&
      (after.read < after.published || after.read > before.read);
    await order.start();
    await order.untilReady();
    const recoveredMs = await checks.caughtUp();
    await expectOneBatch(checks, order);
    return checks.report(bit, recoveredMs);
  },
};

const askedToStop: Fault = {
  name: "sigterm-under-load",
  row: "SIGTERM under load",
  pace: "quick",
  async run(stage) {
    const checks = createChecks(stage);
    const [order] = stage.orders;
    const others = stage.orders.slice(1);
    const before = await redelivered(others);
    await giveWork(stage, 1500);
    const first = await stage.position();
    await stage.until("order works", async () => (await readWork(stage)) > (first?.read ?? 0), 20_000);
    const startedAt = performance.now();
    const code = await order.stop();
    const tookMs = Math.round(performance.now() - startedAt);
    const left = await stage.position();
    checks.expect("it stopped with exit code 0", code === 0, `exit code ${code}`);
    checks.expect("within 10 s", tookMs < 10_000, `${tookMs} ms`);
    await order.start();
    await order.untilReady();
    const recoveredMs = await checks.caughtUp();
    const again = [await redelivered([order]), (await redelivered(others)) - before];
    checks.expect(
      "nothing was delivered twice after it",
      again.every((count) => count === 0),
      again,
    );
    return checks.report(left !== undefined && first !== undefined && left.read > first.read, recoveredMs);
  },
};

async function redelivered(slots: readonly Slot[]): Promise<number> {
  const details = await Promise.all(slots.map((slot) => slot.detail()));
  return details.reduce((sum, detail) => sum + (detail?.redelivered ?? Number.NaN), 0);
}

const frozenPastSession: Fault = {
  name: "consumer-frozen",
  row: "consumer frozen past its session",
  pace: "long",
  ownStage: { orders: 2 },
  async run(stage) {
    const checks = createChecks(stage);
    const [frozen] = stage.orders;
    await giveWork(stage, 500);
    await Bun.sleep(stage.random.between(20, 200));
    const frozenAt = performance.now();
    frozen.freeze();
    let moved = false;
    try {
      await giveWork(stage, 300);
      moved = await checks.expectSoon(
        "the other instance took its partitions over",
        async () => {
          await stage.untilCaughtUp(1000);
          return true;
        },
        45_000,
      );
      // Nothing comes in any more: whatever changes from here on, the one that wakes has changed.
      stage.load.pause();
      await stage.untilCaughtUp(30_000);
      await untilStill(stage);
      const before = await snapshot(stage);
      const session = performance.now() - frozenAt;
      stage.note(`frozen for ${Math.round(session)} ms, now woken`);
      frozen.thaw();
      await stage.untilHealth(frozen, 200, 60_000);
      // Its share of the partitions is back by then, and with it every chance to write.
      const after = await snapshot(stage);
      checks.expect("it wrote nothing when it woke", before.store === after.store, [before, after]);
      checks.expect("it committed nothing when it woke", before.committed === after.committed, [
        before.committed,
        after.committed,
      ]);
    } finally {
      frozen.thaw();
      stage.load.resume();
    }
    const recoveredMs = await checks.caughtUp();
    return checks.report(moved && performance.now() - frozenAt > 5000, recoveredMs);
  },
};

async function snapshot(stage: Stage): Promise<{ readonly store: string; readonly committed: string }> {
  return {
    store: await readStoreDigest(stage),
    committed: JSON.stringify([...(await readCommitted(stage))]),
  };
}

/** Commits and retries that are under way have ended. */
async function untilStill(stage: Stage): Promise<void> {
  await stage.until("nothing waits", async () => (await stage.position())?.parked === 0, 60_000);
  let before = await snapshot(stage);
  await stage.until(
    "commits are done",
    async () => {
      const now = await snapshot(stage);
      const isStill = now.store === before.store && now.committed === before.committed;
      before = now;
      return isStill;
    },
    30_000,
  );
}

function joiningAndLeaving(name: string, pace: Fault["pace"], rounds: number): Fault {
  return {
    name,
    row: "consumers joining and leaving",
    pace,
    ownStage: { orders: 3 },
    async run(stage): Promise<FaultReport> {
      const checks = createChecks(stage);
      const ways: Record<string, number> = { leave: 0, kill: 0 };
      let slowestMs = 0;
      for (let round = 0; round < rounds; round += 1) {
        const slot = stage.random.pick(stage.orders);
        const way = stage.random.below(2) === 0 ? "leave" : "kill";
        await giveWork(stage, 100);
        if (way === "leave") {
          const code = await slot.stop();
          checks.expect("who leaves has exit code 0", code === 0, code);
        } else await slot.kill();
        ways[way] = (ways[way] ?? 0) + 1;
        await giveWork(stage, 50);
        // All partitions go on, those of the one that is away as well.
        const tookMs = await stage.untilCaughtUp(60_000).catch(() => Number.POSITIVE_INFINITY);
        slowestMs = Math.max(slowestMs, tookMs);
        await slot.start();
        await giveWork(stage, 50);
        await slot.untilReady();
      }
      const recoveredMs = await checks.caughtUp();
      checks.expect(
        "every partition went on within 60 s, whoever was away",
        Number.isFinite(slowestMs),
        slowestMs,
      );
      stage.note(`${JSON.stringify(ways)}; slowest ${Math.round(slowestMs)} ms`);
      return checks.report(true, recoveredMs);
    },
  };
}

export const consumerFaults: readonly Fault[] = [
  ...pointsOfEachBatch.map(killedAt),
  killedMidBatch,
  askedToStop,
  frozenPastSession,
  joiningAndLeaving("three-consumers", "quick", 2),
  joiningAndLeaving("three-consumers-for-minutes", "long", 30),
];
