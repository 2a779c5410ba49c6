// What every audit promises, whatever keeps its rows.
import { describe, expect, test } from "bun:test";
import type { AuditOrder } from "./audit.ts";
import { rejectionOf, type StorePlace } from "./order-store-fixtures.ts";
import { openInstances } from "./store-instances.ts";

function auditOrder(differences: Partial<AuditOrder> = {}): AuditOrder {
  return {
    atMs: 1_788_000_000_123,
    action: "partitions.skip",
    actor: "request-1",
    target: { topic: "order-events", partition: 2, fromOffset: 41, toOffset: 48 },
    reason: "a batch in a codec – größer als nötig – that nobody can read",
    ...differences,
  };
}

export function describeAudit(name: string, createPlace: () => Promise<StorePlace>): void {
  describe(`the audit in ${name}`, () => {
    const instances = openInstances(createPlace);

    test("an entry comes back exactly, without an end until it is concluded, also for other instances", async () => {
      const { store, neighbour } = instances;
      const id = await store.audit.append(auditOrder());
      expect(await neighbour.audit.list({ limit: 10 })).toEqual([{ id, ...auditOrder(), end: null }]);
      await store.audit.conclude(id, { atMs: 1_788_000_000_999, result: "skipped" });
      expect(await neighbour.audit.list({ limit: 10 })).toEqual([
        { id, ...auditOrder(), end: { atMs: 1_788_000_000_999, result: "skipped" } },
      ]);
    });

    test("the first end stands", async () => {
      const { audit } = instances.store;
      const id = await audit.append(auditOrder());
      await audit.conclude(id, { atMs: 1, result: "skipped" });
      await audit.conclude(id, { atMs: 2, result: "something else" });
      expect((await audit.list({ limit: 1 }))[0]?.end).toEqual({ atMs: 1, result: "skipped" });
    });

    test("pages go from the newest to the oldest, and stay stable while entries are added", async () => {
      const { audit } = instances.store;
      const ids: number[] = [];
      for (let count = 0; count < 5; count += 1) {
        ids.push(await audit.append(auditOrder({ actor: `request-${count}` })));
      }
      expect(ids).toEqual(ids.toSorted((left, right) => left - right));
      const newest = await audit.list({ limit: 2 });
      expect(newest.map(({ actor }) => actor)).toEqual(["request-4", "request-3"]);
      await audit.append(auditOrder({ actor: "later" }));
      const older = await audit.list({ limit: 10, beforeId: newest.at(-1)?.id ?? 0 });
      expect(older.map(({ actor }) => actor)).toEqual(["request-2", "request-1", "request-0"]);
    });

    test("a text that no store can hold is refused by its name, and nothing is written", async () => {
      const { audit } = instances.store;
      for (const reason of ["a\0b", "\ud800"]) {
        const error = await rejectionOf(audit.append(auditOrder({ reason })));
        expect(error).toEqual(new RangeError("reason of an audit entry has a NUL or a lone surrogate"));
      }
      expect(await audit.list({ limit: 10 })).toEqual([]);
    });

    test("a target may hold any text", async () => {
      const { audit } = instances.store;
      const target = { topic: "a\0\ud800'\"\\", partition: 0 };
      await audit.append(auditOrder({ target }));
      expect((await audit.list({ limit: 1 }))[0]?.target).toEqual(target);
    });
  });
}
