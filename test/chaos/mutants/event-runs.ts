// Real runs of systems A and B, each small and made for one thing to go wrong: what the store, the broker or a kill does at the
// moment at which a mutant differs from the service.
import { createOrderClient } from "../../../contract/client.ts";
import { orderHealthReportSchema } from "../../../contract/health.ts";
import { undecodableFlood } from "../../../order/dead-letters/breaker.ts";
import { readTopic } from "../../system/read-topic.ts";
import { type Intent, intentAs, type PlannedRecord } from "../intent.ts";
import type { ProvocationRun, Scene } from "./scene.ts";

/** Everything is there before order is, so that batches are large. */
const nothing: ProvocationRun = {
  account: "events",
  async run(scene) {
    await scene.publishPlanned(0, 1);
    await scene.start("order");
    await scene.untilSettled();
    return [];
  },
};

/** Events wait behind failing ones, in one batch and over several, and order dies while they do. */
const retries: ProvocationRun = {
  account: "events",
  async run(scene) {
    const lanes = names("LANE", 20);
    // In one batch: a create, its duplicate that waits, and an update behind it.
    await scene.publish(
      lanes.flatMap((id) => [createOf(scene, id), duplicateOf(scene, id), updateOf(scene, id, "one")]),
    );
    const order = await scene.start("order");
    await scene.publishPlanned(0, 0.5);
    await scene.untilRead();
    await scene.noteAttempts();
    await scene.publish(lanes.map((id) => updateOf(scene, id, "two")));
    await scene.untilRead();
    await Bun.sleep(600);
    await scene.noteAttempts();
    await order.kill();
    await scene.start("order");
    await scene.publishPlanned(0.5, 1);
    await scene.untilSettled();
    return [];
  },
};

/**
 * The breaker opens in the middle of a batch, which the store has let grow: the last record of its window is a good one of the
 * same batch. More good ones follow, so that the first probe closes it.
 */
const poisonOnly: ProvocationRun = {
  account: "events",
  async run(scene) {
    const { undecodableWindow, maxUndecodableShare } = undecodableFlood;
    const onOne = (records: readonly PlannedRecord[]) =>
      records.map((record) => ({ ...record, partition: 0 }));
    const { order, unlock } = await lockedBehind(
      scene,
      onOne(names("FIRST", 3).map((id) => createOf(scene, id))),
    );
    await scene.publish(onOne(names("SECOND", 3).map((id) => createOf(scene, id))));
    await Bun.sleep(400);
    const bad = names("BAD", undecodableWindow * ((1 + maxUndecodableShare) / 2)).map((id) => poisonOf(id));
    const good = names("GOOD", undecodableWindow / 4).map((id) => createOf(scene, id));
    await scene.publish(onOne([...bad, ...good]));
    await Bun.sleep(600);
    await unlock();
    const isOpen = async () => {
      const answer = await fetch(`${order.url}/health/detail`);
      return orderHealthReportSchema.parse(await answer.json()).breaker.state !== "closed";
    };
    if (!(await scene.until(isOpen))) throw new Error("the breaker did not open: the run did not bite");
    await scene.untilSettled();
    return [];
  },
};

/** A store that does not answer while records come in, and a kill before it does. */
const storeLocked: ProvocationRun = {
  account: "events",
  async run(scene) {
    const { order, unlock } = await lockedBehind(
      scene,
      names("FIRST", 30).map((id) => createOf(scene, id)),
    );
    await scene.publish(names("LOCKED", 200).map((id) => createOf(scene, id)));
    await Bun.sleep(1000);
    await order.kill();
    const faults = await scene.lookNow("killed while the store was locked");
    await unlock();
    await scene.start("order");
    await scene.untilSettled();
    return faults;
  },
};

/** Connections of the store are cut again and again, between any two statements, while events come in one by one. */
const connectionsCut: ProvocationRun = {
  account: "events",
  async run(scene) {
    await scene.start("order");
    let isOver = false;
    const cutting = (async () => {
      while (!isOver) {
        await scene.sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'orderwire-order'`;
        await scene.noteAttempts();
        await Bun.sleep(10);
      }
    })();
    for (const id of names("CUT", 250)) {
      await scene.publish([createOf(scene, id)]);
      await Bun.sleep(12);
    }
    isOver = true;
    await cutting;
    await scene.untilRead();
    await scene.noteAttempts();
    await scene.untilSettled();
    return [];
  },
};

/** Asked to stop while one batch waits for the store and more is unread. */
const stoppedWithUnread: ProvocationRun = {
  account: "events",
  async run(scene) {
    const { order, unlock } = await lockedBehind(
      scene,
      names("FIRST", 30).map((id) => createOf(scene, id)),
    );
    await scene.publish(names("BATCH", 30).map((id) => createOf(scene, id)));
    await Bun.sleep(400);
    await scene.publish(names("UNREAD", 300).map((id) => createOf(scene, id)));
    await Bun.sleep(400);
    const stopped = order.stop();
    await Bun.sleep(200);
    await unlock();
    const exitCode = await stopped;
    const faults = await scene.lookNow("stopped with unread records");
    await scene.start("order");
    await scene.untilSettled();
    return exitCode === 0 ? faults : [...faults, `order was asked to stop and ended with ${exitCode}`];
  },
};

/** The dead-letter topic takes nothing until order has been killed. */
const lettersRefused: ProvocationRun = {
  account: "events",
  async run(scene) {
    const order = await scene.start("order");
    const relent = await scene.refuse(scene.settings.KAFKA_DLQ_TOPIC);
    await scene.publishPlanned(0, 1);
    await scene.untilRead();
    await Bun.sleep(publishDeadlineMs);
    const faults = await scene.lookNow("no letter can be published");
    const letters = await readTopic(
      { brokers: scene.brokers, consumerSettings: {} },
      scene.settings.KAFKA_DLQ_TOPIC,
    );
    if (letters.length > 0) throw new Error("the dead-letter topic took a letter: the run did not bite");
    await order.kill();
    await relent();
    await scene.start("order");
    await scene.untilSettled();
    return faults;
  },
};
/** Of a dead letter, and a little more. */
const publishDeadlineMs = 6000;

function killedAt(point: string): ProvocationRun {
  return {
    account: "events",
    async run(scene) {
      await scene.publishPlanned(0, 0.5);
      const ended = await scene.startUntil(point);
      await scene.start("order");
      await scene.publishPlanned(0.5, 1);
      await scene.untilSettled();
      return ended === "SIGKILL" ? [] : [`order did not die at ${point}: ${ended}`];
    },
  };
}

/** The broker has forgotten what was committed: another group reads everything again, and the store knows better. */
const offsetsForgotten: ProvocationRun = {
  account: "events",
  async run(scene) {
    await scene.publishPlanned(0, 1);
    const first = await scene.start("order");
    await scene.untilSettled(8000);
    await first.stop();
    const renamed = `${scene.settings.KAFKA_GROUP_ID}-again`;
    scene.renameGroup(renamed);
    await scene.start("order", { KAFKA_GROUP_ID: renamed });
    await scene.publish(names("AFTER", 10).map((id) => createOf(scene, id)));
    // Long enough for every retry of what should not be tried.
    await Bun.sleep(5000);
    await scene.untilSettled(5000);
    return [];
  },
};

/**
 * Another worker claims every partition while order decides: here the suite, in the claim's own statement. What order decided
 * before must not be written, and a trigger sees whether it is.
 */
const claimTaken: ProvocationRun = {
  account: "events",
  async run(scene) {
    await scene.publish(names("FIRST", 60).map((id) => createOf(scene, id)));
    await scene.start("order");
    await scene.untilSettled();
    await scene.sql.unsafe(`
      CREATE TABLE suite_moves (source text, epoch bigint);
      CREATE FUNCTION suite_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO suite_moves VALUES (NEW.source, NEW.epoch); RETURN NEW; END $$;
      CREATE TRIGGER suite_moves AFTER UPDATE ON source_claims FOR EACH ROW
        WHEN (NEW.next_offset IS DISTINCT FROM OLD.next_offset) EXECUTE FUNCTION suite_note()`);
    const unlock = await scene.lock("orders");
    await scene.publish(names("FIRST", 60).map((id) => updateOf(scene, id, "decided")));
    await Bun.sleep(600);
    await scene.sql`UPDATE source_claims SET epoch = epoch + 1`;
    const taken: readonly { source: string; epoch: string }[] =
      await scene.sql`SELECT source, epoch::text AS epoch FROM source_claims`;
    await unlock();
    await scene.untilSettled();
    const moves: readonly { source: string; epoch: string }[] =
      await scene.sql`SELECT source, epoch::text AS epoch FROM suite_moves`;
    const isTaken = new Set(taken.map(({ source, epoch }) => `${source} ${epoch}`));
    return [
      ...new Set(
        moves.filter((move) => isTaken.has(`${move.source} ${move.epoch}`)).map(({ source }) => source),
      ),
    ]
      .toSorted()
      .map((source) => `${source} was written for by a worker whose claim had been taken`);
  },
};

/** Updates that failed before their order was there are replayed when a newer one has had its effect. */
const oldLettersReplayed: ProvocationRun = {
  account: "events",
  environment: { REPLAY_MAX_PER_LETTER: "5" },
  retryDelaysMs: [],
  async run(scene) {
    const ids = names("OLD", 40);
    const status = (to: string) =>
      ids.map((id): PlannedRecord => ({
        topic: "statusUpdates",
        ...recordOf(id, scene.writer.updateA(id, to), { kind: "status", system: "A", status: to }),
      }));
    const order = await scene.start("order");
    await scene.publish(status("older"));
    const indexed = async () => {
      const [row]: readonly { count: number }[] =
        await scene.sql`SELECT count(*)::int AS count FROM letter_fates WHERE state = 'open'`;
      return row?.count === ids.length;
    };
    await scene.until(indexed);
    await scene.publish(ids.map((id) => createOf(scene, id)));
    await scene.untilSettled();
    await scene.publish(status("newer"));
    await scene.untilSettled();
    const { replays } = createOrderClient(order.url);
    const job = await replays.start.mutate({
      scope: { filter: {} },
      name: "older",
      reason: "the suite's",
      ratePerSecond: 1000,
    });
    const isOver = await scene.until(
      async () => (await replays.get.query({ id: job.id })).endedAt !== null,
      10_000,
    );
    const { counts } = await replays.get.query({ id: job.id });
    const told = JSON.stringify(counts);
    if (!isOver) return [`the replay of ${ids.length} letters does not end: ${told}`];
    return counts.stale === ids.length
      ? []
      : [`${ids.length} older updates were replayed and not all are stale: ${told}`];
  },
};

export const eventRuns = {
  nothing,
  retries,
  "poison-only": poisonOnly,
  "store-locked": storeLocked,
  "store-connections-cut": connectionsCut,
  "stopped-with-unread": stoppedWithUnread,
  "letters-refused": lettersRefused,
  "killed-before-letters": killedAt("before-dlq-ack"),
  "killed-after-letters": killedAt("after-dlq-ack"),
  "offsets-forgotten": offsetsForgotten,
  "claim-taken-while-deciding": claimTaken,
  "old-letters-replayed": oldLettersReplayed,
} as const;

/** Order has settled these records, and its store takes nothing more until it is unlocked. */
async function lockedBehind(scene: Scene, records: readonly PlannedRecord[]) {
  await scene.publish(records);
  const order = await scene.start("order");
  await scene.untilSettled();
  return { order, unlock: await scene.lock("orders") };
}

function names(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

function recordOf(orderId: string, value: Buffer, intent: Intent) {
  return { key: Buffer.from(orderId), value, headers: [intentAs(intent)] };
}

function createOf({ writer }: Scene, orderId: string): PlannedRecord {
  const intent: Intent = { kind: "create", system: "B", status: "new", eventId: null };
  return { topic: "orders", ...recordOf(orderId, writer.createB(orderId), intent) };
}

/** By system A, which retries it. */
function duplicateOf({ writer }: Scene, orderId: string): PlannedRecord {
  const intent: Intent = { kind: "create", system: "A", status: "new", eventId: null };
  return { topic: "orders", ...recordOf(orderId, writer.createA(orderId), intent) };
}

function updateOf({ writer }: Scene, orderId: string, status: string): PlannedRecord {
  const intent: Intent = { kind: "status", system: "B", status };
  return { topic: "orders", ...recordOf(orderId, writer.updateB(orderId, status), intent) };
}

function poisonOf(orderId: string): PlannedRecord {
  return { topic: "orders", ...recordOf(orderId, Buffer.from([0, 0]), { kind: "poison" }) };
}
