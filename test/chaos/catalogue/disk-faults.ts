// The disk of the store is full, or the file of SQLite locked by somebody else: order waits, keeps everything, and goes on when
// there is room.
import { copyFileSync, existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Database } from "bun:sqlite";
import { readUnprivilegedUser } from "../../parts/unprivileged-user.ts";
import type { Fault } from "../fault.ts";
import { intentAs } from "../intent.ts";
import type { Stage } from "../stage.ts";
import { type Checks, createChecks } from "./checks.ts";
import { expectBack } from "./expect-back.ts";
import { withSql } from "./read-stage.ts";
import { openSmallDisk, type SmallDisk } from "./small-disk.ts";

async function expectWaits(checks: Checks, stage: Stage): Promise<boolean> {
  const [order] = stage.orders;
  stage.load.burst(500);
  return checks.expectSoon(
    "order waits for the store, and its readiness is red",
    async () => (await order.statusOf("/health/ready")) === 503,
    30_000,
  );
}

/** Full while more work comes in; the disk is free again when it resolves. */
async function whileFull(checks: Checks, stage: Stage, disk: SmallDisk): Promise<boolean> {
  await stage.untilCaughtUp(30_000);
  disk.fill();
  // What is deleted leaves room in the files themselves; orders grow out of it.
  const isRed = await expectWaits(checks, stage);
  const [order] = stage.orders;
  checks.expect("order itself is alive", (await order.statusOf("/health/live")) === 200);
  disk.free();
  return isRed;
}

const postgresDiskFull: Fault = {
  name: "postgres-disk-full",
  row: "store away",
  pace: "quick",
  ownStage: {},
  async run(stage) {
    const checks = createChecks(stage);
    const disk = openSmallDisk({ megabytes: 16, owner: await readUnprivilegedUser() });
    const space = `chaos_${stage.random.below(1_000_000_000)}`;
    const run = (statement: string) => withSql(stage.databaseUrl, (sql) => sql.unsafe(statement));
    try {
      await run(`create tablespace ${space} location '${disk.folder}'`);
      await run(`alter table orders set tablespace ${space}`);
      const isRed = await whileFull(checks, stage, disk);
      const recoveredMs = await expectBack(checks, stage);
      return checks.report(isRed, recoveredMs);
    } finally {
      disk.free();
      await run("alter table orders set tablespace pg_default");
      await run(`drop tablespace ${space}`);
      disk.close();
    }
  },
};

const sqliteDiskFull: Fault = {
  name: "sqlite-disk-full",
  row: "store away",
  pace: "quick",
  // Whoever has the file open where it was before reads what nobody writes any more: the fault counts itself.
  ownStage: { store: "sqlite", ordersPerSecond: 0, account: "own" },
  async run(stage) {
    const checks = createChecks(stage);
    const [order] = stage.orders;
    const disk = openSmallDisk({ megabytes: 8 });
    const path = join(disk.folder, "orders.sqlite");
    const events = 3000;
    try {
      await order.stop();
      moveDatabase(sqlitePath(stage), path);
      await order.start({ DATABASE_URL: `sqlite:${path}` });
      await order.untilReady();
      disk.fill();
      await stage.publish(
        Array.from({ length: events }, (_, index) => ({
          topic: "orders",
          key: Buffer.from(`DISK-${index}`),
          value: stage.writer.createB(`DISK-${index}`),
          headers: [intentAs({ kind: "create", system: "B", status: "new", eventId: null })],
        })),
      );
      const isRed = await checks.expectSoon(
        "order waits for the store, and its readiness is red",
        async () => (await order.statusOf("/health/ready")) === 503,
        30_000,
      );
      checks.expect("order itself is alive", (await order.statusOf("/health/live")) === 200);
      disk.free();
      const backAt = performance.now();
      await checks.expectSoon(
        "then every order is stored",
        () => countIn(path, "select count(*) as count from orders where order_id like 'DISK-%'") === events,
        60_000,
      );
      const recoveredMs = performance.now() - backAt;
      const letters = countIn(path, "select count(*) as count from dead_letters");
      checks.expect("and none is a dead letter", letters === 0, `${letters} letters`);
      return checks.report(isRed, recoveredMs);
    } finally {
      disk.free();
      await order.stop();
      disk.close();
    }
  },
};

function countIn(path: string, statement: string): number {
  const database = new Database(path, { readonly: true });
  try {
    return database.query<{ count: number }, []>(statement).get()?.count ?? Number.NaN;
  } finally {
    database.close();
  }
}

/** Of `sqlite:path`. */
function sqlitePath({ databaseUrl }: Stage): string {
  return databaseUrl.replace(/^sqlite:(\/\/)?/, "");
}

function moveDatabase(from: string, to: string): void {
  for (const suffix of ["", "-wal", "-shm"]) {
    if (!existsSync(`${from}${suffix}`)) continue;
    copyFileSync(`${from}${suffix}`, `${to}${suffix}.moving`);
    renameSync(`${to}${suffix}.moving`, `${to}${suffix}`);
    rmSync(`${from}${suffix}`);
  }
}

const sqliteLocked: Fault = {
  name: "sqlite-locked",
  row: "store away",
  pace: "quick",
  ownStage: { store: "sqlite" },
  async run(stage) {
    const checks = createChecks(stage);
    const [order] = stage.orders;
    await stage.untilCaughtUp(30_000);
    const other = new Database(sqlitePath(stage));
    let isRed = false;
    try {
      other.run("pragma busy_timeout = 10000");
      other.run("begin exclusive");
      isRed = await expectWaits(checks, stage);
      const read = await order.statusOf("/order-details?orderId=NOBODY");
      checks.expect("reads go on", read === 404, read);
    } finally {
      if (other.inTransaction) other.run("rollback");
      other.close();
    }
    return checks.report(isRed, await expectBack(checks, stage));
  },
};

export const lockedFaults: readonly Fault[] = [sqliteLocked];

/** They need a disk of their own. */
export const diskFaults: readonly Fault[] = [postgresDiskFull, sqliteDiskFull];
