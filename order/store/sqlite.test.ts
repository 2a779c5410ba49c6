import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeOrderChanges } from "../changes/order-changes.spec.ts";
import { describeReplayStore } from "../replays/store/replay-store.spec.ts";
import { openOrderStore } from "./open-order-store.ts";
import { changing, createOrder, rejectionOf, updatedOrder, type StorePlace } from "./order-store-fixtures.ts";
import { describeAudit } from "./audit.spec.ts";
import { describeClaims } from "./claims.spec.ts";
import { deadLetter, describeDeadLetterIndex, rowOfBefore } from "./dead-letter-index.spec.ts";
import { describeDurableOrderStore } from "./durable-order-store.spec.ts";
import { describeOrderStore } from "./order-store.spec.ts";
import { readMigrations } from "./migrations.ts";
import { openSqliteConnection } from "./sqlite-connection.ts";
import { translateSqliteError } from "./sqlite-failure.ts";
import { inTransaction } from "./sqlite-transaction.ts";
import { describeParkedRecords } from "./parked-records.spec.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

async function createMemoryPlace(): Promise<StorePlace> {
  const store = await openOrderStore(undefined);
  return { open: async () => store, remove: async () => undefined };
}

async function createFilePlace(): Promise<StorePlace> {
  const folder = await mkdtemp(join(tmpdir(), "order-store-"));
  return {
    open: () => openOrderStore(`sqlite://${join(folder, "orders.sqlite")}`),
    remove: () => rm(folder, { recursive: true }),
  };
}

describeOrderStore("memory", createMemoryPlace);
describeClaims("memory", createMemoryPlace);
describeParkedRecords("memory", createMemoryPlace);
describeDeadLetterIndex("memory", createMemoryPlace);
describeAudit("memory", createMemoryPlace);
describeOrderChanges("memory", createMemoryPlace);
describeReplayStore("memory", createMemoryPlace);
describeOrderStore("a SQLite file", createFilePlace);
describeClaims("a SQLite file", createFilePlace);
describeParkedRecords("a SQLite file", createFilePlace);
describeDeadLetterIndex("a SQLite file", createFilePlace);
describeAudit("a SQLite file", createFilePlace);
describeOrderChanges("a SQLite file", createFilePlace);
describeReplayStore("a SQLite file", createFilePlace);
describeDurableOrderStore("a SQLite file", createFilePlace);

describe("the order store in a SQLite file", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "order-store-"));
    path = join(folder, "orders.sqlite");
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("a file that another process has locked is unavailable, and works again afterwards", async () => {
    const store = await openOrderStore(`sqlite://${path}`);
    const other = new Database(path);
    other.run("begin immediate");
    expect(await rejectionOf(store.save(changing([createOrder("a")])))).toBeInstanceOf(StoreUnavailable);
    expect(await store.count()).toBe(0);
    other.run("rollback");
    expect(await store.save(changing([createOrder("a")]))).toEqual({ kind: "saved" });
    other.close();
    await store.close();
  });

  test("numbers are numbers in the file, and an order of no event id has none", async () => {
    const { order, expectedVersion } = createOrder("a");
    const store = await openOrderStore(`sqlite://${path}`);
    await store.save(
      changing([{ order: { ...order, createdBy: { ...order.createdBy, eventId: null } }, expectedVersion }]),
    );
    await store.save(changing([createOrder("b")]));
    await store.close();
    const file = new Database(path);
    const numbers = ["total_cents", "shipping_cents", "created_partition", "created_offset", "version"];
    const types = numbers.map((name) => `typeof(${name})`).join(" || ");
    const rows = file
      .query<{ types: string; event: string }, []>(
        `select ${types} as types, typeof(created_event_id) as event from orders order by order_id`,
      )
      .all();
    file.close();
    expect(rows.map(({ types: found }) => found)).toEqual(Array(2).fill("integer".repeat(5)));
    expect(rows.map(({ event }) => event)).toEqual(["null", "text"]);
  });

  test("a file that is locked at start-up is opened by the first operation that gets at it", async () => {
    const other = new Database(path);
    other.run("create table theirs (a)");
    other.run("begin exclusive");
    const store = await openOrderStore(`sqlite://${path}`);
    expect(await rejectionOf(store.ping())).toBeInstanceOf(StoreUnavailable);
    other.run("rollback");
    other.close();
    expect(await store.save(changing([createOrder("a")]))).toEqual({ kind: "saved" });
    await store.close();
  });

  test("a full disk is unavailable, leaves nothing half-written, and passes", async () => {
    const migrations = readMigrations("sqlite");
    const { database, insertOrder } = openSqliteConnection(path, migrations);
    const values = ["new", "2026", "[]", 1, 1, "USD", "x".repeat(10_000), "t", 0, 0, null, "{}", 1];
    const insert = (count: number) =>
      inTransaction(database, () => {
        for (let index = 0; index < count; index++) insertOrder.run(`order-${index}`, ...values);
      });
    database.run("pragma max_page_count = 50");
    const error = await rejectionOf((async () => insert(100))());
    expect(translateSqliteError(error)).toBeInstanceOf(StoreUnavailable);
    expect(database.query("select count(*) as orders from orders").get()).toEqual({ orders: 0 });
    database.run("pragma max_page_count = 1000");
    insert(100);
    expect(database.query("select count(*) as orders from orders").get()).toEqual({ orders: 100 });
    database.close();
  });

  test.each([
    ["a new file has pages of 2,048 bytes", undefined, 2048],
    ["a file with pages of another size keeps them", 4096, 4096],
  ])("%s, and its log is copied into it at 128 MB", (_, before, expected) => {
    if (before !== undefined) {
      const old = new Database(path, { create: true });
      old.run(`pragma page_size = ${before}`);
      old.run("create table theirs (a)");
      old.close();
    }
    const { database } = openSqliteConnection(path, readMigrations("sqlite"));
    const [pageBytes, logPages] = ["page_size", "wal_autocheckpoint"].map((name) =>
      Number(database.query(`pragma ${name}`).values()[0]?.[0]),
    );
    expect(pageBytes).toBe(expected);
    expect(logPages).toBe((128 * 2 ** 20) / expected);
    database.close();
  });

  test("a file of an earlier version is brought up to date with its orders kept", async () => {
    const [first, ...later] = readMigrations("sqlite");
    if (first === undefined) throw new Error("there is no migration");
    expect(later.length).toBeGreaterThan(0);
    const old = new Database(path, { create: true });
    old.run(first.sql);
    old.run(
      "create table order_migrations (number integer primary key, name text, checksum text, applied_at text)",
    );
    old.run("insert into order_migrations values (?, ?, ?, '')", [first.number, first.name, first.checksum]);
    old.run(`insert into orders values ('a', 'c', 'd', '[]', 1, 1, 'USD', 'new', 't', 0, 0, null, '{}', 1)`);
    old.run("update order_counts set orders = 1");
    old.close();
    const store = await openOrderStore(`sqlite://${path}`);
    expect(await store.save(changing([updatedOrder("a", 1, "shipped")]))).toEqual({ kind: "saved" });
    expect(await store.count()).toBe(1);
    expect(await store.countParked()).toEqual({ waiting: 0, behind: 0, dead: 0 });
    await store.close();
  });

  test("dead letters of an earlier version stay, on a DLQ topic without a name, and are counted with the others", async () => {
    const before = readMigrations("sqlite").filter(({ number }) => number < 5);
    const old = new Database(path, { create: true });
    old.run(
      "create table order_migrations (number integer primary key, name text, checksum text, applied_at text)",
    );
    for (const { number, name, checksum, sql } of before) {
      old.run(sql);
      old.run("insert into order_migrations values (?, ?, ?, '')", [number, name, checksum]);
    }
    for (const offset of [5, 6]) {
      const row = rowOfBefore(deadLetter(offset));
      old.run(
        `insert into dead_letters (number, id, dlq_partition, dlq_offset, topic, error_type, category, reason, order_id,
           last_failed_at_ms, search) values (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [
          offset,
          row.id,
          row.dlq_offset,
          row.topic,
          row.error_type,
          row.category,
          row.reason,
          row.order_id,
          row.last_failed_at_ms,
          row.search,
        ],
      );
      old.run("insert into dead_letter_bodies values (?, ?, ?, ?)", [
        offset,
        row.document,
        row.key,
        row.value,
      ]);
    }
    old.run("insert into dead_letter_counts values ('RETRY_THEN_DLQ', 2)");
    old.close();
    const store = await openOrderStore(`sqlite://${path}`);
    const copy = { ...deadLetter(5), dlqOffset: 50 };
    await store.deadLetters.add([deadLetter(1), copy]);
    const ofBefore = [5, 6].map((offset) => deadLetter(offset, { dlqTopic: "" }));
    expect(await store.deadLetters.list({ filter: {}, limit: 9 })).toEqual([...ofBefore, deadLetter(1)]);
    expect(await store.deadLetters.list({ filter: { dlqTopics: [""] }, limit: 9 })).toEqual(ofBefore);
    expect(await store.deadLetters.count()).toEqual([
      { dlqTopic: "", category: "RETRY_THEN_DLQ", letters: 2 },
      { dlqTopic: "order-events-dlq", category: "RETRY_THEN_DLQ", letters: 1 },
    ]);
    await store.deadLetters.clear();
    expect(await store.deadLetters.count()).toEqual([]);
    await store.close();
  });

  test("what was saved survives the process being killed right after", async () => {
    const script = `
      const { openOrderStore } = await import(${JSON.stringify(join(import.meta.dir, "open-order-store.ts"))});
      const { changing, createOrder } = await import(${JSON.stringify(join(import.meta.dir, "order-store-fixtures.ts"))});
      const store = await openOrderStore(${JSON.stringify(`sqlite://${path}`)});
      await store.save(changing(Array.from({ length: 1000 }, (_, index) => createOrder("order-" + index))));
      process.kill(process.pid, "SIGKILL");`;
    const child = Bun.spawn([process.execPath, "-e", script]);
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
    const store = await openOrderStore(`sqlite://${path}`);
    expect(await store.count()).toBe(1000);
    expect((await store.list({ limit: 2000 })).length).toBe(1000);
    await store.close();
  });

  test("processes that open a new file at the same time all work, at the second attempt if need be", async () => {
    // SQLite refuses to wait while a new file changes to its write-ahead log, so an operation may be told to come again.
    const script = (index: number) => `
      const { openOrderStore } = await import(${JSON.stringify(join(import.meta.dir, "open-order-store.ts"))});
      const { changing, createOrder } = await import(${JSON.stringify(join(import.meta.dir, "order-store-fixtures.ts"))});
      const store = await openOrderStore(${JSON.stringify(`sqlite://${path}`)});
      const save = () => store.save(changing([createOrder("order-${index}")]));
      const again = (error) => (error.name === "StoreUnavailable" ? save().catch(again) : Promise.reject(error));
      await save().catch(again);
      await store.close();`;
    const children = Array.from({ length: 4 }, (_, index) =>
      Bun.spawn([process.execPath, "-e", script(index)]),
    );
    expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0, 0, 0]);
    const store = await openOrderStore(`sqlite://${path}`);
    expect(await store.count()).toBe(4);
    await store.close();
  });

  test("a folder that does not exist, or a file that is no database, fails the opening", async () => {
    const missing = await rejectionOf(openOrderStore(`sqlite://${folder}/none/orders.sqlite`));
    expect(missing).not.toBeInstanceOf(StoreUnavailable);
    expect(String(missing)).toContain(`cannot open the SQLite database ${folder}/none/orders.sqlite`);
    await writeFile(path, "this is a text of more than sixteen bytes, and no database at all".repeat(20));
    expect(String(await rejectionOf(openOrderStore(`sqlite://${path}`)))).toContain("not a database");
  });
});

describe("the database URL", () => {
  test("one of an unknown kind is refused without being shown", async () => {
    const error = String(await rejectionOf(openOrderStore("mysql://root:secret@127.0.0.1/orders")));
    expect(error).toContain("must start with postgres:, postgresql: or sqlite:");
    expect(error).not.toContain("secret");
    const unparsable = String(await rejectionOf(openOrderStore("postgres://user:secret@:host:x/orders")));
    expect(unparsable).toContain("cannot be parsed");
    expect(unparsable).not.toContain("secret");
    expect(String(await rejectionOf(openOrderStore("orders.sqlite")))).toContain("must start with");
    expect(String(await rejectionOf(openOrderStore("sqlite:")))).toContain("needs a path");
  });

  test("sqlite::memory: keeps nothing", async () => {
    for (const url of ["sqlite::memory:", "sqlite://:memory:", "", undefined]) {
      const store = await openOrderStore(url);
      await store.save(changing([createOrder("a")]));
      await store.close();
      const again = await openOrderStore(url);
      expect(await again.count()).toBe(0);
      await again.close();
    }
  });
});
