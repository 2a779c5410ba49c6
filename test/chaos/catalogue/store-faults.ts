// PostgreSQL stopped, killed, frozen; a backend that dies in the midst of COMMIT, before and after it counted; a deadlock; no
// connection left. Order waits, and finds out what became of a commit that nobody answered.
import { SQL } from "bun";
import type { Fault } from "../fault.ts";
import { intentAs, type PlannedRecord } from "../intent.ts";
import type { Stage } from "../stage.ts";
import { type Checks, createChecks } from "./checks.ts";
import { expectBack } from "./expect-back.ts";
import { probe } from "./probe-cart.ts";
import { withSql } from "./read-stage.ts";

const orderBackends = `pg_stat_activity where datname = current_database() and application_name = 'orderwire-order'`;

async function expectRed(checks: Checks, stage: Stage): Promise<boolean> {
  const [order] = stage.orders;
  return checks.expectSoon(
    "order's readiness is red",
    async () => (await order.statusOf("/health/ready")) === 503,
    20_000,
  );
}

function serverAway(
  name: string,
  pace: Fault["pace"],
  during: (stage: Stage, whileAway: () => Promise<void>) => Promise<void>,
): Fault {
  return {
    name,
    row: "store away",
    pace,
    async run(stage) {
      const checks = createChecks(stage);
      const [order] = stage.orders;
      let isRed = false;
      stage.load.burst(200);
      await during(stage, async () => {
        isRed = await expectRed(checks, stage);
        checks.expect("order itself is alive", (await order.statusOf("/health/live")) === 200);
        const read = await order.statusOf("/order-details?orderId=NOBODY");
        checks.expect("a read is 503", read === 503, read);
        const created = await probe(stage, `AWAY-${stage.random.below(1_000_000_000)}`);
        checks.expect("cart goes on", created.status === 201, created);
      });
      return checks.report(isRed, await expectBack(checks, stage));
    },
  };
}

const stopped = (name: string, pace: Fault["pace"], awayMs: number) =>
  serverAway(name, pace, async (stage, whileAway) => {
    await stage.postgres.stop();
    try {
      const untilMs = performance.now() + awayMs;
      await whileAway();
      await Bun.sleep(Math.max(0, untilMs - performance.now()));
    } finally {
      await stage.postgres.restart();
    }
  });

const killed = serverAway("postgres-killed", "quick", async (stage, whileAway) => {
  await stage.postgres.kill();
  try {
    await whileAway();
  } finally {
    await stage.postgres.restart();
  }
});

const frozen = serverAway("postgres-frozen", "long", async (stage, whileAway) => {
  stage.postgres.pause();
  try {
    await whileAway();
  } finally {
    stage.postgres.resume();
  }
});

/** At COMMIT, and before it counts: a deferred trigger sleeps there. */
const commitRolledBack: Fault = {
  name: "backend-killed-before-commit-counts",
  row: "store away",
  pace: "quick",
  async run(stage) {
    const checks = createChecks(stage);
    const killed = await withSql(stage.databaseUrl, async (sql) => {
      await sql.unsafe(`
        create function chaos_slow_commit() returns trigger language plpgsql as $$
          begin perform pg_sleep(2); return null; end $$;
        -- A batch's own row: a trigger on each of its orders would keep a COMMIT of thousands busy for minutes.
        create constraint trigger chaos_slow_commit after update of next_offset on source_claims
          deferrable initially deferred for each row when (new.next_offset is distinct from old.next_offset)
          execute function chaos_slow_commit()`);
      try {
        stage.load.burst(50);
        return await killWhen(stage, sql, "wait_event = 'PgSleep' and query ilike 'commit%'");
      } finally {
        await sql.unsafe("drop trigger chaos_slow_commit on source_claims");
        await sql.unsafe("drop function chaos_slow_commit");
      }
    });
    return checks.report(killed > 0, await expectBack(checks, stage));
  },
};

/** At COMMIT, after it is on the disk: it waits for a replica that does not exist, and only the answer is lost. */
const commitUnanswered: Fault = {
  name: "backend-killed-after-commit-counts",
  row: "store away",
  pace: "quick",
  async run(stage) {
    const checks = createChecks(stage);
    const killed = await withSql(stage.databaseUrl, async (sql) => {
      // Our own statements shall not wait for it.
      await sql`set synchronous_commit = local`;
      await sql.unsafe("alter system set synchronous_standby_names = 'nobody'");
      await sql`select pg_reload_conf()`;
      try {
        stage.load.burst(50);
        return await killWhen(stage, sql, "wait_event = 'SyncRep'");
      } finally {
        await sql.unsafe("alter system reset synchronous_standby_names");
        await sql`select pg_reload_conf()`;
      }
    });
    return checks.report(killed > 0, await expectBack(checks, stage));
  },
};

/** Ends the backends of order that are in that state; how many. */
async function killWhen(stage: Stage, sql: SQL, state: string): Promise<number> {
  let count = 0;
  await stage
    .until(
      "a backend is in COMMIT",
      async () => {
        const ended: unknown[] = await sql.unsafe(
          `select pg_terminate_backend(pid) from ${orderBackends} and ${state}`,
        );
        count += ended.length;
        return count > 0;
      },
      10_000,
    )
    .catch(() => undefined);
  stage.note(`${count} backends ended in COMMIT`);
  return count;
}

const deadlock: Fault = {
  name: "postgres-deadlock",
  row: "store away",
  pace: "quick",
  ownStage: { ordersPerSecond: 0 },
  async run(stage) {
    const checks = createChecks(stage);
    const [order] = stage.orders;
    const ids = Array.from({ length: 40 }, (_, index) => `DEADLOCK-${String(index).padStart(2, "0")}`);
    await stage.publish(
      ids.map((orderId) =>
        eventOf(orderId, stage.writer.createB(orderId), {
          kind: "create",
          system: "B",
          status: "new",
          eventId: null,
        }),
      ),
    );
    await stage.untilCaughtUp(30_000);
    let victims = 0;
    for (let attempt = 0; attempt < 4 && victims === 0; attempt += 1) {
      await order.stop();
      const status = `step-${attempt}`;
      await stage.publish(
        ids.map((orderId) =>
          eventOf(orderId, stage.writer.updateB(orderId, status), { kind: "status", system: "B", status }),
        ),
      );
      victims = await lockAcross(stage, ids, ids[(attempt * 11 + 17) % ids.length] ?? "");
    }
    checks.expect("PostgreSQL ended order's transaction for a deadlock", victims > 0, `${victims} deadlocks`);
    const recoveredMs = await expectBack(checks, stage);
    return checks.report(victims > 0, recoveredMs);
  },
};

function eventOf(orderId: string, value: Buffer, intent: Parameters<typeof intentAs>[0]): PlannedRecord {
  return { topic: "orders", key: Buffer.from(orderId), value, headers: [intentAs(intent)] };
}

/**
 * Locks one order's row, lets order's batch run into it, and then waits for a row that the batch has locked: a circle. Order waited
 * first, so it is order that PostgreSQL ends. Answers the deadlocks that PostgreSQL counted.
 */
async function lockAcross(stage: Stage, ids: readonly string[], first: string): Promise<number> {
  const url = stage.databaseUrl;
  const countDeadlocks = () =>
    withSql(url, async (sql) => {
      const [row]: { count: number }[] =
        await sql`select deadlocks::int as count from pg_stat_database where datname = current_database()`;
      return row?.count ?? 0;
    });
  const before = await countDeadlocks();
  await withSql(url, (ours) =>
    ours.begin(async (tx) => {
      await tx.unsafe("set local deadlock_timeout = '20s'");
      await tx`select 1 from orders where order_id = ${first} for update`;
      const [me]: { pid: number }[] = await tx`select pg_backend_pid() as pid`;
      await stage.orders[0].start();
      const locked = await withSql(url, async (sql) => {
        await stage.until(
          "order waits for the row",
          async () => {
            const waiting: unknown[] =
              await sql`select 1 from pg_stat_activity where ${me?.pid ?? 0} = any(pg_blocking_pids(pid))`;
            return waiting.length > 0;
          },
          20_000,
        );
        const free: { order_id: string }[] =
          await sql`select order_id from orders where order_id in ${sql(ids)} for update skip locked`;
        const isFree = new Set(free.map(({ order_id }) => order_id));
        return ids.find((orderId) => orderId !== first && !isFree.has(orderId));
      });
      // The batch came to this row first: it holds no other yet.
      if (locked === undefined) return;
      await tx`select 1 from orders where order_id = ${locked} for update`;
    }),
  );
  let counted = 0;
  await stage
    .until("the deadlock is counted", async () => (counted = (await countDeadlocks()) - before) > 0, 5000)
    .catch(() => undefined);
  return counted;
}

const noConnectionLeft: Fault = {
  name: "postgres-connections-taken",
  row: "store away",
  pace: "quick",
  async run(stage) {
    const checks = createChecks(stage);
    const held: SQL[] = [];
    let isRed = false;
    try {
      await takeConnections(stage, held);
      const [admin] = held;
      if (admin === undefined) throw new Error("no connection could be taken");
      // What order has given up is taken before order can have it again, at the third try at the latest.
      await stage.until(
        "order has no connection",
        async () => {
          await admin.unsafe(`select pg_terminate_backend(pid) from ${orderBackends}`);
          await takeConnections(stage, held);
          const left: unknown[] = await admin.unsafe(`select 1 from ${orderBackends}`);
          return left.length === 0;
        },
        20_000,
      );
      stage.note(`${held.length} connections taken`);
      stage.load.burst(100);
      isRed = await expectRed(checks, stage);
    } finally {
      await Promise.all(held.map((sql) => sql.close({ timeout: 1 })));
    }
    return checks.report(isRed, await expectBack(checks, stage));
  },
};

/** Until the server has none left. */
async function takeConnections(stage: Stage, held: SQL[]): Promise<void> {
  for (;;) {
    const taken = await Promise.all(Array.from({ length: 20 }, () => takeOne(stage.databaseUrl)));
    held.push(...taken.filter((sql) => sql !== undefined));
    if (taken.includes(undefined)) return;
  }
}

async function takeOne(url: string): Promise<SQL | undefined> {
  const sql = new SQL(url, { max: 1, idleTimeout: 0 });
  try {
    await sql`select 1`;
    return sql;
  } catch {
    await sql.close();
    return undefined;
  }
}

export const storeFaults: readonly Fault[] = [
  stopped("postgres-stopped", "quick", 5000),
  stopped("postgres-stopped-30-s", "long", 30_000),
  killed,
  frozen,
  commitRolledBack,
  commitUnanswered,
  deadlock,
  noConnectionLeft,
];
