// The behaviour spec and the faults against a real PostgreSQL: TEST_DATABASE_URL names one, its user may create
// databases. Every test has a database of its own, which is dropped afterwards.
import { SQL, type TransactionSQL } from "bun";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createFaultyProxy, type FaultyProxy } from "../../store/faulty-proxy.ts";
import { openOrderStore } from "../../store/open-order-store.ts";
import { rejectionOf } from "../../store/order-store-fixtures.ts";
import type { OrderStore } from "../../store/order-store.ts";
import { StoreUnavailable } from "../../store/store-unavailable.ts";
import { describeOutboxes } from "./outboxes.spec.ts";
import { createPostgresSagaStore } from "./postgres-saga-store.ts";
import { describeRequests } from "./requests.spec.ts";
import {
  creation,
  decided,
  keyed,
  keyedPlacing,
  message,
  placedSaga,
  placing,
  settled,
  textsOf,
  writeOf,
} from "./saga-store-fixtures.ts";
import { describeSagaStore } from "./saga-store.spec.ts";

function orderIds(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

const serverUrl = process.env["TEST_DATABASE_URL"];

describe.skipIf(serverUrl === undefined)("PostgreSQL", () => {
  const url = serverUrl ?? "postgres://skipped";
  const admin = new SQL(url, { max: 2 });
  afterAll(() => admin.close());

  async function createDatabase() {
    const name = `saga_store_${crypto.randomUUID().replaceAll("-", "")}`;
    await admin.unsafe(`create database ${name}`);
    const databaseUrl = new URL(url);
    databaseUrl.pathname = `/${name}`;
    return {
      url: databaseUrl,
      open: () => openOrderStore(databaseUrl.href, { maxConnections: 3 }),
      async remove() {
        await admin.unsafe(`drop database ${name} with (force)`);
      },
    };
  }

  describeSagaStore("PostgreSQL", createDatabase);
  describeOutboxes("PostgreSQL", createDatabase);
  describeRequests("PostgreSQL", createDatabase);

  test("a save is at most seven statements, whatever it writes and however much", async () => {
    const database = await createDatabase();
    const store = await database.open();
    const sql = new SQL(database.url, { max: 1, database: database.url.pathname.slice(1) });
    let statements = 0;
    // Every statement of a save goes through `unsafe`.
    const counting = (tx: TransactionSQL): TransactionSQL =>
      new Proxy(tx, {
        get(target, name) {
          if (name === "unsafe") statements += 1;
          return Reflect.get(target, name);
        },
      });
    const counted = new Proxy(sql, {
      get: (target, name) =>
        name === "begin"
          ? (work: (tx: TransactionSQL) => Promise<unknown>) => target.begin((tx) => work(counting(tx)))
          : Reflect.get(target, name),
    });
    const sagas = createPostgresSagaStore((work) => work(counted));
    await sagas.save(placing(orderIds(1, 500)));
    expect(statements).toBe(5);

    statements = 0;
    const [claim] = await store.sagas.claim(["payment-orders/0"]);
    if (claim === undefined) throw new Error("claimed nothing");
    await store.sagas.save({ ...placing(orderIds(501, 600)), outbox: "outbox-b" });
    const before = await store.sagas.load(orderIds(1, 600));
    const changes = [...before.values()].map((saga) => ({ saga: settled(saga), expectedVersion: 1 }));
    const early = orderIds(601, 900).map((orderId) => creation(decided(undefined, orderId)));
    const outcome = await sagas.save(
      writeOf({
        progress: [{ source: claim.source, epoch: claim.epoch, nextOffset: 1 }],
        changes: [...changes, ...early],
        messages: orderIds(1, 600).map((orderId) => message(orderId, "CONFIRMED")),
        counted: { early: 300 },
      }),
    );
    expect(outcome).toMatchObject({ kind: "saved", lastSeq: 1000, elsewhere: orderIds(501, 600) });
    expect(statements).toBe(6);

    // Some of these have decisions already, so that they are changed and not made.
    statements = 0;
    const known = await store.sagas.load(orderIds(601, 900));
    const met = [...known.values()].map((saga) => {
      const { order } = placedSaga(saga.orderId);
      return { saga: { ...saga, order, version: saga.version + 1 }, expectedVersion: saga.version };
    });
    const placed = keyedPlacing(orderIds(901, 1000));
    await sagas.save({
      ...placed,
      changes: [...placed.changes, ...met],
      messages: [...placed.messages, ...orderIds(601, 900).map((orderId) => message(orderId, "NEW"))],
      requests: orderIds(601, 1000).map((orderId) => keyed(`key-${orderId}`, orderId)),
    });
    expect(statements).toBe(7);
    await sql.close();
    await store.close();
    await database.remove();
  });

  describe("when PostgreSQL fails", () => {
    let database: Awaited<ReturnType<typeof createDatabase>>;
    let proxy: FaultyProxy;
    let store: OrderStore;

    beforeEach(async () => {
      database = await createDatabase();
      const { hostname, port } = database.url;
      proxy = createFaultyProxy({ hostname, port: Number(port === "" ? 5432 : port) });
      const proxied = new URL(database.url);
      proxied.hostname = "127.0.0.1";
      proxied.port = String(proxy.port);
      store = await openOrderStore(proxied.href, { maxConnections: 3, deadlineMs: 4000 });
    });
    afterEach(async () => {
      await store.close();
      proxy.stop();
      await database.remove();
    });

    test("a connection lost before COMMIT leaves nothing: no saga, no message, no number, no progress", async () => {
      const { sagas } = store;
      const [claim] = await sagas.claim(["payment-orders/0"]);
      if (claim === undefined) throw new Error("claimed nothing");
      const progress = [{ source: claim.source, epoch: claim.epoch, nextOffset: 9 }];
      proxy.cutAfter("update saga_counts");
      expect(await rejectionOf(sagas.save({ ...placing([1, 2]), progress }))).toBeInstanceOf(
        StoreUnavailable,
      );
      expect(proxy.cuts).toBe(1);
      expect(await sagas.load([1, 2])).toEqual(new Map());
      expect((await sagas.stats()).unpublished).toBe(0);
      expect((await sagas.claim([claim.source]))[0]?.nextOffset).toBeNull();
      expect(await sagas.save(placing([1, 2]))).toEqual({ kind: "saved", lastSeq: 2 });
    });

    test("a connection lost during COMMIT is an unknown outcome: a repeat conflicts and writes nothing twice", async () => {
      const { sagas } = store;
      await sagas.save(placing([1]));
      const before = await sagas.read(1);
      if (before === undefined) throw new Error("it was saved");
      const write = writeOf({
        changes: [{ saga: settled(before), expectedVersion: before.version }],
        messages: [message(1, "CONFIRMED")],
        counted: { joined: 1 },
      });
      proxy.cutAfter("COMMIT");
      expect(await rejectionOf(sagas.save(write))).toBeInstanceOf(StoreUnavailable);
      expect(proxy.cuts).toBe(1);
      expect(await sagas.save(write)).toEqual({ kind: "conflicts", orderIds: [1] });
      expect(await textsOf(sagas, "outbox-a")).toEqual(["1 NEW", "1 CONFIRMED"]);
      expect(await sagas.stats()).toMatchObject({
        orders: { CONFIRMED: 1 },
        counted: { joined: 1 },
        unpublished: 2,
      });
    });

    test("a connection lost during COMMIT of a placement: its key tells that it was placed, and nothing is placed twice", async () => {
      const { sagas } = store;
      const write = keyedPlacing([1]);
      proxy.cutAfter("COMMIT");
      expect(await rejectionOf(sagas.save(write))).toBeInstanceOf(StoreUnavailable);
      expect(proxy.cuts).toBe(1);
      expect(await sagas.readRequest("key-1")).toMatchObject({ orderId: 1 });
      const again = { ...placing([2]), requests: [keyed("key-1", 2)] };
      expect(await sagas.save(again)).toEqual({ kind: "keys-taken", keys: ["key-1"] });
      expect(await textsOf(sagas, "outbox-a")).toEqual(["1 NEW"]);
    });

    test("away and back: what failed meanwhile works again, by itself", async () => {
      const { sagas } = store;
      await sagas.save(placing([1]));
      proxy.stop();
      for (const operation of [
        sagas.save(placing([2])),
        sagas.listDue(1, 1),
        sagas.readOutbox("outbox-a", 0, 1),
        sagas.leaseOutbox("outbox-a", "me", 0, 1),
        sagas.allocateOrderIds(1),
      ]) {
        expect(await rejectionOf(operation)).toBeInstanceOf(StoreUnavailable);
      }
      proxy.start();
      expect(await sagas.save(placing([2]))).toEqual({ kind: "saved", lastSeq: 2 });
    });
  });
});
