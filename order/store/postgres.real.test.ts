// The behaviour spec and the faults against a real PostgreSQL: TEST_DATABASE_URL names one, its user may create
// databases. Every test has a database of its own, which is dropped afterwards.
import { SQL } from "bun";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type FaultyProxy, createFaultyProxy } from "./faulty-proxy.ts";
import { type OrderStoreOptions, openOrderStore } from "./open-order-store.ts";
import {
  batchOf,
  changing,
  conflictsOf,
  saveMissing,
  createOrder,
  creation,
  createdOrder,
  rejectionOf,
  updatedOrder,
} from "./order-store-fixtures.ts";
import { describeOrderChanges } from "../changes/order-changes.spec.ts";
import { describeReplayStore } from "../replays/store/replay-store.spec.ts";
import { describeAudit } from "./audit.spec.ts";
import { describeClaims } from "./claims.spec.ts";
import { deadLetter, describeDeadLetterIndex, rowOfBefore } from "./dead-letter-index.spec.ts";
import { describeDurableOrderStore } from "./durable-order-store.spec.ts";
import { describeOrderStore } from "./order-store.spec.ts";
import type { OrderStore } from "./order-store.ts";
import { claimOne, parkedRecord, progressOf } from "./parked-record-fixtures.ts";
import { describeParkedRecords } from "./parked-records.spec.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

const serverUrl = process.env["TEST_DATABASE_URL"];

describe.skipIf(serverUrl === undefined)("PostgreSQL", () => {
  const url = serverUrl ?? "postgres://skipped";
  const admin = new SQL(url, { max: 2 });
  afterAll(() => admin.close());

  async function createDatabase() {
    const name = `order_store_${crypto.randomUUID().replaceAll("-", "")}`;
    await admin.unsafe(`create database ${name}`);
    const databaseUrl = new URL(url);
    databaseUrl.pathname = `/${name}`;
    return {
      name,
      url: databaseUrl,
      open: () => openOrderStore(databaseUrl.href, { maxConnections: 3 }),
      async remove() {
        await admin.unsafe(`drop database ${name} with (force)`);
      },
    };
  }

  describeOrderStore("PostgreSQL", createDatabase);
  describeClaims("PostgreSQL", createDatabase);
  describeParkedRecords("PostgreSQL", createDatabase);
  describeDeadLetterIndex("PostgreSQL", createDatabase);
  describeAudit("PostgreSQL", createDatabase);
  describeOrderChanges("PostgreSQL", createDatabase);
  describeReplayStore("PostgreSQL", createDatabase);
  describeDurableOrderStore("PostgreSQL", createDatabase);

  describe("when PostgreSQL fails", () => {
    let database: Awaited<ReturnType<typeof createDatabase>>;
    let proxy: FaultyProxy;
    const opened: OrderStore[] = [];

    beforeEach(async () => {
      database = await createDatabase();
      const { hostname, port } = database.url;
      proxy = createFaultyProxy({ hostname, port: Number(port === "" ? 5432 : port) });
    });
    afterEach(async () => {
      proxy.thaw();
      await Promise.all(opened.splice(0).map((store) => store.close()));
      proxy.stop();
      await database.remove();
    });

    /** A store that reaches the server through the proxy. */
    async function open(options: OrderStoreOptions = {}): Promise<OrderStore> {
      const proxied = new URL(database.url);
      proxied.hostname = "127.0.0.1";
      proxied.port = String(proxy.port);
      const store = await openOrderStore(proxied.href, { maxConnections: 3, deadlineMs: 4000, ...options });
      opened.push(store);
      return store;
    }

    /** The first success within the deadline; every failure before it must say that the store is away. */
    async function eventually<Answer>(attempt: () => Promise<Answer>): Promise<Answer> {
      const deadline = Date.now() + 10_000;
      for (;;) {
        try {
          return await attempt();
        } catch (error) {
          if (!(error instanceof StoreUnavailable) || Date.now() > deadline) throw error;
          await Bun.sleep(20);
        }
      }
    }

    test("a server that is away at start-up is waited for, and the first operation makes the tables", async () => {
      proxy.stop();
      const store = await open();
      expect(await rejectionOf(store.ping())).toBeInstanceOf(StoreUnavailable);
      expect(await rejectionOf(store.save(changing([createOrder("a")])))).toBeInstanceOf(StoreUnavailable);
      proxy.start();
      expect(await eventually(() => store.save(changing([createOrder("a")])))).toEqual({ kind: "saved" });
      expect(await store.count()).toBe(1);
    });

    test("a server that is stopped under load and comes back is used again, and nothing is lost or doubled", async () => {
      const store = await open();
      const saves = Array.from({ length: 60 }, (_, batch) => async () => {
        const changes = Array.from({ length: 20 }, (_, index) => createOrder(`order-${batch}-${index}`));
        await eventually(() => saveMissing(store, changes));
        if (batch === 10) proxy.stop();
        if (batch === 10) setTimeout(() => proxy.start(), 200);
      });
      const worker = async () => {
        for (let next = saves.shift(); next !== undefined; next = saves.shift()) await next();
      };
      await Promise.all([worker(), worker(), worker()]);
      expect(await store.count()).toBe(1200);
      expect((await store.list({ limit: 2000 })).length).toBe(1200);
    });

    test("connections that the server has ended are replaced", async () => {
      const store = await open();
      await Promise.all([store.ping(), store.count(), store.ping()]);
      await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${database.name}`;
      expect(await eventually(() => store.save(changing([createOrder("a")])))).toEqual({ kind: "saved" });
    });

    const small = [updatedOrder("a", 1, "shipped"), createOrder("b")];
    /** More than one statement takes: a transaction of several. */
    const large = [...small, ...Array.from({ length: 200 }, (_, index) => createOrder(`c${1000 + index}`))];

    test.each([
      ["COMMIT", "COMMIT", large],
      // Its text went to the server with the batch before.
      ["the one statement of a small batch", "shipped", small],
    ] as const)(
      "a connection lost during %s is unavailable, and the reloaded order shows what became of it",
      async (_, cutAt, batch) => {
        const store = await open();
        await store.save(changing([createOrder("a")]));
        await store.save(changing([createOrder("0"), updatedOrder("a", 1, "packed")]));
        const later = [updatedOrder("a", 2, "shipped"), ...batch.slice(1)];
        proxy.cutAfter(cutAt);
        expect(await rejectionOf(store.save(changing(later)))).toBeInstanceOf(StoreUnavailable);
        expect(proxy.cuts).toBe(1);
        // The server had committed: the blind repeat is told so and changes nothing.
        const repeated = await eventually(() => store.save(changing(later)));
        expect(conflictsOf(repeated)).toEqual(later.map(({ order }) => order.orderId));
        expect(await store.readDetails("a")).toEqual(updatedOrder("a", 2, "shipped").order);
        expect(await store.count()).toBe(later.length + 1);
      },
    );

    test.each(["copy orders", "update orders", "BEGIN"])(
      "a connection lost at %s has written nothing",
      async (statement) => {
        const store = await open();
        await store.save(changing([createOrder("a")]));
        proxy.cutAfter(statement);
        expect(await rejectionOf(store.save(changing(large)))).toBeInstanceOf(StoreUnavailable);
        expect(proxy.cuts).toBe(1);
        expect(await eventually(() => store.save(changing(large)))).toEqual({ kind: "saved" });
        expect(await store.count()).toBe(large.length);
      },
    );

    test("a server that does not answer is given up at the deadline, and used again when it answers", async () => {
      const store = await open({ deadlineMs: 1000 });
      await store.save(changing([createOrder("a")]));
      proxy.freeze();
      const startedAt = performance.now();
      const attempts = [
        store.save(changing([createOrder("b")])),
        store.save(changing([updatedOrder("a", 1, "x")])),
        store.ping(),
        store.count(),
        store.load(["a"]),
      ];
      for (const attempt of attempts) expect(await rejectionOf(attempt)).toBeInstanceOf(StoreUnavailable);
      expect(performance.now() - startedAt).toBeLessThan(3000);
      expect(await rejectionOf(store.ping())).toBeInstanceOf(StoreUnavailable);
      proxy.thaw();
      // Whether the frozen create went through is not known; either way b is there once.
      await eventually(() => saveMissing(store, [createOrder("b"), createOrder("c")]));
      expect(await store.count()).toBe(3);
      expect((await store.list({ limit: 9 })).map(({ orderId }) => orderId)).toEqual(["a", "b", "c"]);
    });

    test("connections that have gone silent cost one deadline and are replaced", async () => {
      const store = await open({ deadlineMs: 1000 });
      await Promise.all([store.save(changing([createOrder("a")])), store.ping(), store.ping()]);
      proxy.silence();
      const attempts = [store.save(changing([createOrder("b")])), store.ping(), store.count()];
      for (const attempt of attempts) expect(await rejectionOf(attempt)).toBeInstanceOf(StoreUnavailable);
      expect(await store.save(changing([createOrder("b")]))).toEqual({ kind: "saved" });
      expect(await store.count()).toBe(2);
    });

    test("an order that somebody else holds locked is given up, and written when it is free", async () => {
      const store = await open({ deadlineMs: 2000 });
      await store.save(changing([createOrder("a")]));
      const other = new SQL(database.url, { max: 1 });
      await other.begin(async (tx) => {
        await tx`select 1 from orders where order_id = 'a' for update`;
        expect(await rejectionOf(store.save(changing([updatedOrder("a", 1, "x")])))).toBeInstanceOf(
          StoreUnavailable,
        );
        expect(await store.save(changing([createOrder("b")]))).toEqual({ kind: "saved" });
      });
      await other.close();
      expect(await store.save(changing([updatedOrder("a", 1, "x")]))).toEqual({ kind: "saved" });
    });

    test("a claim waits for the running save of the owner before, and finds what it wrote", async () => {
      const owner = await open();
      const successor = await open();
      const claim = await claimOne(owner);
      await owner.save(changing([createOrder("a")]));
      const other = new SQL(database.url, { max: 1 });
      let saving: Promise<unknown> = Promise.resolve();
      let claiming: Promise<unknown> = Promise.resolve();
      await other.begin(async (tx) => {
        await tx`select 1 from orders where order_id = 'a' for update`;
        // The save has passed the fence and waits for the order; the claim waits for the save.
        saving = owner.save(
          batchOf({
            progress: [progressOf(claim, 8)],
            changes: [updatedOrder("a", 1, "x"), createOrder("b")],
            park: [parkedRecord(7)],
          }),
        );
        await untilBlocked(1);
        claiming = claimOne(successor);
        await untilBlocked(2);
      });
      await other.close();
      expect(await saving).toEqual({ kind: "saved" });
      expect(await claiming).toMatchObject({ epoch: 2, nextOffset: 8, parked: [{ offset: 7 }] });
      const late = batchOf({ progress: [progressOf(claim, 9)], changes: [createOrder("c")] });
      expect(await owner.save(late)).toMatchObject({ kind: "fenced" });
    });

    test("a save that waits for a claim to commit is fenced by it", async () => {
      const owner = await open();
      const claim = await claimOne(owner);
      const other = new SQL(database.url, { max: 1 });
      let saving: Promise<unknown> = Promise.resolve();
      await other.begin(async (tx) => {
        await tx`update source_claims set epoch = epoch + 1`;
        saving = owner.save(batchOf({ progress: [progressOf(claim, 8)], changes: [createOrder("b")] }));
        await untilBlocked(1);
      });
      await other.close();
      expect(await saving).toMatchObject({ kind: "fenced" });
      expect(await owner.count()).toBe(0);
      expect((await claimOne(owner)).nextOffset).toBeNull();
    });

    test("after a connection was lost during COMMIT a claim tells whether the batch was written", async () => {
      const store = await open();
      const claim = await claimOne(store);
      const batch = batchOf({
        progress: [progressOf(claim, 8)],
        changes: [createOrder("a")],
        park: [parkedRecord(7)],
      });
      proxy.cutAfter("update source_claims");
      expect(await rejectionOf(store.save(batch))).toBeInstanceOf(StoreUnavailable);
      const lost = await eventually(() => claimOne(store));
      expect(lost).toMatchObject({ nextOffset: null, parked: [] });
      proxy.cutAfter("COMMIT");
      const retried = { ...batch, progress: [progressOf(lost, 8)] };
      expect(await rejectionOf(store.save(retried))).toBeInstanceOf(StoreUnavailable);
      expect(proxy.cuts).toBe(2);
      const written = await eventually(() => claimOne(store));
      expect(written).toMatchObject({ nextOffset: 8, parked: [{ offset: 7 }] });
      expect(await store.count()).toBe(1);
    });

    test("a deadlock with a writer that keeps no order is unavailable, not a bug", async () => {
      const store = await open({ deadlineMs: 8000 });
      // PostgreSQL picks the victim: usually the first to wait, which is ours; on a busy machine it may take some tries.
      let victims: readonly unknown[] = [];
      for (let attempt = 1; attempt <= 5 && victims.length === 0; attempt++) {
        victims = await provokeDeadlock(store, `a${attempt}`, `b${attempt}`);
      }
      expect(victims).toMatchObject([{ name: "StoreUnavailable", cause: { errno: "40P01" } }]);
      expect(await eventually(() => store.save(changing([createOrder("later")])))).toEqual({ kind: "saved" });
    });

    /** What our save was rejected with: one error, or none when the other writer was the victim. */
    async function provokeDeadlock(store: OrderStore, first: string, second: string): Promise<unknown[]> {
      await store.save(changing([createOrder(first), createOrder(second)]));
      const other = new SQL(database.url, { max: 1 });
      let ours: Promise<unknown> = Promise.resolve();
      const theirs = other.begin(async (tx) => {
        await tx`update orders set status = 'theirs' where order_id = ${second}`;
        // Ours now takes the first and waits for the second; theirs then waits for the first.
        ours = store.save(changing([updatedOrder(first, 1, "ours"), updatedOrder(second, 1, "ours")]));
        ours.catch(() => undefined);
        await untilBlocked();
        await tx`update orders set status = 'theirs' where order_id = ${first}`;
      });
      await Promise.allSettled([theirs]);
      const [outcome] = await Promise.allSettled([ours]);
      await other.close();
      return outcome.status === "rejected" ? [outcome.reason] : [];
    }

    async function untilBlocked(sessions = 1): Promise<void> {
      const deadline = Date.now() + 5000;
      for (;;) {
        const [row] = await admin<
          { blocked: number }[]
        >`select count(*)::integer as blocked from pg_stat_activity
          where datname = ${database.name} and wait_event_type = 'Lock'`;
        if ((row?.blocked ?? 0) >= sessions) return;
        if (Date.now() > deadline) throw new Error(`${row?.blocked} of ${sessions} sessions wait for a lock`);
        await Bun.sleep(10);
      }
    }

    test("a database that does not exist fails the opening, and is waited for when it goes later", async () => {
      const wrong = new URL(database.url);
      wrong.pathname = "/no_such_database";
      expect(String(await rejectionOf(openOrderStore(wrong.href)))).toContain("no_such_database");
      const store = await open();
      await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${database.name}`;
      await admin.unsafe(`alter database ${database.name} rename to ${database.name}_away`);
      expect(await rejectionOf(eventuallyRefused(store))).toMatchObject({ cause: { errno: "3D000" } });
      await admin.unsafe(`alter database ${database.name}_away rename to ${database.name}`);
      await eventually(() => store.ping());
    });

    /** Asks until it is not a connection that died, but the server that answers no. */
    async function eventuallyRefused(store: OrderStore): Promise<void> {
      for (;;) {
        const error = await rejectionOf(store.ping());
        const cause = error instanceof StoreUnavailable ? error.cause : undefined;
        if (!(cause instanceof SQL.PostgresError) || cause.errno !== "57P01") throw error;
      }
    }

    test("a migration that was changed after it was applied fails the opening", async () => {
      await (await open()).close();
      const other = new SQL(database.url, { max: 1 });
      await other`update order_migrations set checksum = 'other'`;
      await other.close();
      expect(String(await rejectionOf(open()))).toContain("was applied with another text");
    });

    test("an instance of before goes on writing dead letters beside those of now", async () => {
      const store = await open();
      const before = new SQL(database.url, { max: 1 });
      const row = rowOfBefore(deadLetter(5));
      await before`insert into dead_letters (id, dlq_partition, dlq_offset, topic, error_type, category, reason, order_id,
        last_failed_at_ms, search, document, key, value) values (${row.id}, 0, 5, ${row.topic}, ${row.error_type},
        ${row.category}, ${row.reason}, ${row.order_id}, ${row.last_failed_at_ms}, ${row.search}, ${row.document},
        ${row.key}, ${row.value})`;
      await before`insert into dead_letter_counts (category, letters) values (${row.category}, 1)`;
      await before.close();
      await store.deadLetters.add([deadLetter(1), { ...deadLetter(5), dlqOffset: 50 }]);
      expect(await store.deadLetters.list({ filter: {}, limit: 9 })).toEqual([
        deadLetter(5, { dlqTopic: "" }),
        deadLetter(1),
      ]);
      expect(await store.deadLetters.count()).toEqual([
        { dlqTopic: "", category: "RETRY_THEN_DLQ", letters: 1 },
        { dlqTopic: "order-events-dlq", category: "RETRY_THEN_DLQ", letters: 1 },
      ]);
      await store.deadLetters.clear();
      expect(await store.deadLetters.count()).toEqual([]);
    });

    test("a table that is missing is a bug and not an absence", async () => {
      const store = await open();
      const other = new SQL(database.url, { max: 1 });
      await other`drop table orders`;
      await other.close();
      const error = await rejectionOf(store.save(changing([creation(createdOrder("a"))])));
      expect(error).toBeInstanceOf(SQL.PostgresError);
    });

    test("more operations than connections wait for their turn", async () => {
      const store = await open({ maxConnections: 1 });
      await Promise.all(
        Array.from({ length: 50 }, (_, index) => store.save(changing([createOrder(`order-${index}`)]))),
      );
      expect(await store.count()).toBe(50);
    });
  });
});
