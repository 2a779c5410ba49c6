// Replays of dead letters that are ordered twice, at once, killed half-way, before what failed is mended, or too late. An order
// counts what was applied to it: nothing can hide there.
import { createOrderClient, type OrderClient } from "../../../contract/client.ts";
import type { ReplayJob } from "../../../contract/replays.ts";
import type { Fault, FaultReport, StageNeeds } from "../fault.ts";
import { intentAs, type PlannedRecord } from "../intent.ts";
import type { Stage } from "../stage.ts";
import { type Checks, createChecks } from "./checks.ts";
import { countRows } from "./read-stage.ts";

const ownStage: StageNeeds = {
  // A failed update is dead at once, and in quarantine after its second replay.
  environment: { DLQ_MAX_RETRIES: "0", REPLAY_MAX_PER_LETTER: "2" },
  ordersPerSecond: 0,
  account: "own",
};

function replayFault(
  name: string,
  pace: Fault["pace"],
  run: (stage: Stage, checks: Checks, client: OrderClient) => Promise<FaultReport>,
): Fault {
  return {
    name,
    row: "replay",
    pace,
    ownStage,
    async run(stage) {
      await stage.untilHealth(stage.orders[0], 200, 30_000);
      return await run(stage, createChecks(stage), createOrderClient(stage.orders[0].url));
    },
  };
}

const idsOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name}-${index}`);

function create(stage: Stage, orderId: string): PlannedRecord {
  return {
    topic: "orders",
    key: Buffer.from(orderId),
    value: stage.writer.createB(orderId),
    headers: [intentAs({ kind: "create", system: "B", status: "new", eventId: null })],
  };
}

function update(stage: Stage, orderId: string, status: string): PlannedRecord {
  return {
    topic: "orders",
    key: Buffer.from(orderId),
    value: stage.writer.updateB(orderId, status),
    headers: [intentAs({ kind: "status", system: "B", status })],
  };
}

const openLetters = "select count(*) from letter_fates where state = 'open'";

/** Updates of orders that are not there: as many open letters. */
async function failEarly(stage: Stage, ids: readonly string[]): Promise<void> {
  await stage.publish(ids.map((orderId) => update(stage, orderId, "shipped")));
  await stage.until(
    "every letter is open",
    async () => (await countRows(stage, openLetters)) === ids.length,
    60_000,
  );
}

async function createAll(stage: Stage, ids: readonly string[]): Promise<void> {
  await stage.publish(ids.map((orderId) => create(stage, orderId)));
  await stage.untilCaughtUp(60_000);
}

const order = { scope: { filter: {} }, name: "the suite's", reason: "the creates are there" };

async function untilEnded(stage: Stage, client: OrderClient, jobId: string): Promise<ReplayJob> {
  let job: ReplayJob | undefined;
  await stage.until(
    "the replay has ended",
    async () => {
      job = await client.replays.get.query({ id: jobId }).catch(() => undefined);
      return job !== undefined && job.endedAt !== null;
    },
    120_000,
  );
  if (job === undefined) throw new Error("the replay is gone");
  return job;
}

/** One effect a letter: the create and the update, and no other. */
async function expectOneEffect(checks: Checks, stage: Stage, count: number): Promise<void> {
  const shipped = await countRows(
    stage,
    "select count(*) from orders where version = 2 and status = 'shipped'",
  );
  checks.expect("each letter had one effect", shipped === count, `${shipped} of ${count}`);
  const resolved = await countRows(stage, "select count(*) from letter_fates where state = 'resolved'");
  checks.expect("each letter is resolved", resolved === count, `${resolved} of ${count}`);
}

const twiceAndAtOnce = replayFault("replay-twice-and-at-once", "quick", async (stage, checks, client) => {
  const ids = idsOf("TWICE", 300);
  await failEarly(stage, ids);
  await createAll(stage, ids);
  const requestId = `suite-${stage.random.below(1_000_000_000)}`;
  const start = (more: { requestId?: string } = {}) => client.replays.start.mutate({ ...order, ...more });
  const startedAt = performance.now();
  const [first, same, other] = await Promise.all([start({ requestId }), start({ requestId }), start()]);
  checks.expect("a double click is one replay", first.id === same.id, [first.id, same.id]);
  checks.expect("two replays at once share the letters", first.total + other.total === ids.length, [
    first.total,
    other.total,
  ]);
  await Promise.all([first, other].map(({ id }) => untilEnded(stage, client, id)));
  const recoveredMs = performance.now() - startedAt;
  await expectOneEffect(checks, stage, ids.length);
  const again = await start();
  checks.expect("once more has nothing to do", again.total === 0, again.total);
  return checks.report(first.total + other.total > 0, recoveredMs);
});

const killedHalfWay = replayFault("replay-killed-half-way", "quick", async (stage, checks, client) => {
  const ids = idsOf("KILLED", 1500);
  await failEarly(stage, ids);
  await createAll(stage, ids);
  const job = await client.replays.start.mutate({ ...order, ratePerSecond: 500 });
  const applied = "select coalesce(sum(applied), 0) from replay_jobs";
  await stage.until(
    "it is half-way",
    async () => (await countRows(stage, applied)) > ids.length * 0.3,
    60_000,
  );
  const [holder] = stage.orders;
  await holder.kill();
  const atKill = await countRows(stage, applied);
  const killedAt = performance.now();
  await holder.start();
  await holder.untilReady();
  const ended = await untilEnded(stage, client, job.id);
  checks.expect(
    "it went on to its end",
    ended.state === "done" && ended.left === 0 && ended.counts.applied === ids.length,
    ended,
  );
  await expectOneEffect(checks, stage, ids.length);
  const again = await client.replays.start.mutate(order);
  checks.expect("once more has nothing to do", again.total === 0, again.total);
  return checks.report(atKill < ids.length, performance.now() - killedAt);
});

const beforeTheFix = replayFault("replay-before-the-fix", "quick", async (stage, checks, client) => {
  // Fewer than would stop a replay.
  const ids = idsOf("EARLY", 10);
  await failEarly(stage, ids);
  for (const time of ["first", "second"]) {
    const ended = await untilEnded(stage, client, (await client.replays.start.mutate(order)).id);
    checks.expect(`the ${time} replay fails for all`, ended.counts.failed === ids.length, ended.counts);
    const letters = await countRows(stage, "select count(*) from letter_fates");
    checks.expect(`and leaves one letter an event (${time})`, letters === ids.length, letters);
  }
  await checks.expectSoon(
    "after two replays they are in quarantine",
    async () =>
      (await countRows(stage, "select count(*) from letter_fates where state = 'quarantined'")) ===
      ids.length,
    10_000,
  );
  await createAll(stage, ids);
  const third = await client.replays.start.mutate(order);
  checks.expect("a third replay leaves them out", third.total === 0, third.total);
  const startedAt = performance.now();
  const forced = await client.replays.start.mutate({ ...order, force: true });
  await untilEnded(stage, client, forced.id);
  await expectOneEffect(checks, stage, ids.length);
  return checks.report(true, performance.now() - startedAt);
});

const olderThanTheState = replayFault(
  "replay-older-than-the-state",
  "quick",
  async (stage, checks, client) => {
    const ids = idsOf("OLD", 20);
    await failEarly(stage, ids);
    await createAll(stage, ids);
    await stage.publish(ids.map((orderId) => update(stage, orderId, "delivered")));
    await stage.untilCaughtUp(30_000);
    const startedAt = performance.now();
    const ended = await untilEnded(stage, client, (await client.replays.start.mutate(order)).id);
    checks.expect("all are stale", ended.counts.stale === ids.length, ended.counts);
    const kept = await countRows(
      stage,
      "select count(*) from orders where version = 2 and status = 'delivered'",
    );
    checks.expect("and the newer state stays", kept === ids.length, `${kept} of ${ids.length}`);
    return checks.report(ended.total > 0, performance.now() - startedAt);
  },
);

export const replayFaults: readonly Fault[] = [
  twiceAndAtOnce,
  killedHalfWay,
  beforeTheFix,
  olderThanTheState,
];
