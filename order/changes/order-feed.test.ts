import { expect, test } from "bun:test";
import { createTestClock } from "../../service/test-clock.ts";
import { openOrderStore } from "../store/open-order-store.ts";
import { changing, createOrder } from "../store/order-store-fixtures.ts";
import { createOrderFeed } from "./order-feed.ts";

async function openFeed() {
  const store = await openOrderStore(undefined);
  const closing = new AbortController();
  let saved = 0;
  const save = async (count: number) => {
    for (let index = 0; index < count; index += 1) {
      saved += 1;
      await store.save({ ...changing([createOrder(`O${saved}`)]), announce: true });
    }
  };
  const feed = createOrderFeed({ store, isOn: true, clock: createTestClock(0), closing: closing.signal });
  const watched = await feed.watch({}, { lastEventId: undefined, signal: closing.signal });
  if (!watched.ok) throw new Error("no stream");
  const stream = watched.value[Symbol.asyncIterator]();
  const next = async () => {
    const { value } = await stream.next();
    return value?.event.kind === "state" ? value.event.order.orderId : value?.event.kind;
  };
  const close = async () => {
    closing.abort();
    await store.close();
  };
  return { store, save, next, close };
}

test("a reader gets more batches than one look has without waiting", async () => {
  const { save, next, close } = await openFeed();
  await save(45);
  for (let order = 1; order <= 45; order += 1) expect(await next()).toBe(`O${order}`);
  await close();
});

test("a reader who is so slow that changes are no longer kept is told that some were missed", async () => {
  const { store, save, next, close } = await openFeed();
  await save(25);
  expect(await next()).toBe("O1");
  await save(5);
  await store.changes.hold("publisher", 0, 1);
  await store.changes.advance("publisher", { published: await store.changes.end(), filledTo: null });
  await store.changes.trim(2);
  for (let order = 2; order <= 20; order += 1) expect(await next()).toBe(`O${order}`);
  expect(await next()).toBe("missed");
  expect(await next()).toBe("O29");
  await close();
});
