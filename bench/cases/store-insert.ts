// The store alone: the same events, decided beforehand, saved in batches as the worker makes them. Nothing is loaded.
import { decide, type Order } from "../../order/domain/order.ts";
import { openOrderStore } from "../../order/store/open-order-store.ts";
import type { BatchWrite, OrderChange } from "../../order/store/order-store.ts";
import { createMeter } from "../meter.ts";
import { domainEventAt } from "../domain-events.ts";
import { createsAmong } from "../order-events.ts";
import type { BenchCase } from "./bench-case.ts";

const batchSize = 10_000;

export const storeInsert: BenchCase = async ({ settings, events }) => {
  const store = await openOrderStore(settings.DATABASE_URL);
  const [claim] = await store.claim([source]);
  const batches = prepareBatches(events, claim?.epoch ?? 0);
  const meter = createMeter(events);
  meter.start();
  for (const [index, batch] of batches.entries()) {
    const saved = await store.save(batch);
    if (saved.kind !== "saved") throw new Error(`batch ${index} was not saved: ${saved.kind}`);
    meter.reach(Math.min(events, (index + 1) * batchSize));
  }
  const measurement = await meter.done;
  const count = await store.count();
  if (count !== createsAmong(events))
    throw new Error(`${count} orders are stored, not ${createsAmong(events)}`);
  await store.close();
  return measurement;
};

const source = "order-events/0@0f0f0f0f";

function prepareBatches(events: number, epoch: number): readonly BatchWrite[] {
  const orders = new Map<string, Order>();
  const batches: BatchWrite[] = [];
  for (let first = 0; first < events; first += batchSize) {
    const end = Math.min(events, first + batchSize);
    const changes = new Map<string, OrderChange>();
    for (let offset = first; offset < end; offset += 1) {
      const event = domainEventAt(offset);
      const before = orders.get(event.orderId);
      const origin = { source, topic: "order-events", partition: 0, offset, eventId: crypto.randomUUID() };
      const decision = decide(before, event, origin);
      if (decision.kind !== "apply") throw new Error(`event ${offset} changes nothing: ${decision.kind}`);
      orders.set(event.orderId, decision.order);
      const expectedVersion = changes.get(event.orderId)?.expectedVersion ?? before?.version ?? 0;
      changes.set(event.orderId, { order: decision.order, expectedVersion });
    }
    const progress = [{ source, epoch, nextOffset: end }];
    batches.push({ progress, changes: [...changes.values()], park: [], repark: [], unpark: [] });
  }
  return batches;
}
