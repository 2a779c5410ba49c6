// What is handed to the package is given back: the promise that memory stays flat over millions of records rests on it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { heapStats } from "bun:jsc";
import {
  connectNative,
  createNativeConsumer,
  createNativeProducer,
  disconnectNative,
  type NativeConsumer,
  type NativeMessage,
  type NativeProducer,
} from "../binding.ts";
import { type EmbeddedCluster, openEmbeddedCluster } from "../embedded.ts";
import { handlesInUse } from "./mock-cluster.ts";

const topic = "handles";
const closeTimeoutMs = 5_000;
let cluster: EmbeddedCluster;

beforeAll(() => {
  cluster = openEmbeddedCluster({ topics: [{ name: topic, partitions: 1 }] });
});
afterAll(() => cluster.close());

describe("what goes along with a record", () => {
  let producer: NativeProducer;
  let answered: unknown[] = [];
  let onAnswer: () => void = () => undefined;

  beforeAll(async () => {
    producer = await openProducer((opaque) => {
      answered.push(opaque);
      onAnswer();
    });
  });
  afterAll(() => disconnectNative(producer, closeTimeoutMs));

  /** Publishes one record with each, and answers what came back, in order. */
  async function sendAlong(opaques: readonly unknown[]): Promise<readonly unknown[]> {
    answered = [];
    const all = Promise.withResolvers<void>();
    onAnswer = () => {
      if (answered.length === opaques.length) all.resolve();
    };
    for (const opaque of opaques) {
      // As plain JavaScript calls it: the types allow numbers only.
      const code: unknown = Reflect.apply(Reflect.get(producer, "produce"), producer, [
        topic,
        0,
        Buffer.from("value"),
        Buffer.from("key"),
        0,
        opaque,
        [],
      ]);
      expect(code).toBe(0);
    }
    Bun.gc(true);
    await all.promise;
    return answered;
  }

  test("comes back as it was, whatever it is and whatever is collected meanwhile", async () => {
    const named = (): string => "function";
    const opaques = [
      { deep: { er: [1, 2, 3] } },
      [named],
      named,
      "text",
      "ä".repeat(10_000),
      "",
      0,
      -1,
      2 ** 31 - 1,
      -(2 ** 31),
      2 ** 31,
      0.5,
      -0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.MAX_SAFE_INTEGER,
      null,
      true,
      false,
      10n ** 30n,
      Symbol.for("handles"),
      new Uint8Array([1, 2, 3]),
      new Map([[1, 2]]),
      Promise.resolve(1),
    ];
    for (let round = 0; round < 20; round += 1) {
      const back = await sendAlong(opaques);
      expect(back.length).toBe(opaques.length);
      back.forEach((value, index) => expect(value).toBe(opaques[index]));
    }
  });

  test("keeps only by its handle what nothing else keeps", async () => {
    const count = 2_000;
    const back = await sendAlong(Array.from({ length: count }, (_, index) => ({ index, text: `n${index}` })));
    back.forEach((value, index) => expect(value).toEqual({ index, text: `n${index}` }));
  });

  test("is let go of once it has come back", async () => {
    const count = 2_000;
    const references = await sendWeakly(count);
    await until("they are collected", async () => {
      await sendAlong([0]);
      Bun.gc(true);
      // What is still on the stack may hold a few.
      return references.filter((reference) => reference.deref() !== undefined).length < count / 20;
    });
  });

  async function sendWeakly(count: number): Promise<readonly WeakRef<object>[]> {
    const opaques = Array.from({ length: count }, (_, index) => ({ index }));
    const references = opaques.map((opaque) => new WeakRef(opaque));
    await sendAlong(opaques);
    answered = [];
    return references;
  }

  test("costs no handle afterwards: a hundred thousand records leave what a thousand left", async () => {
    const numbers = Array.from({ length: 1_000 }, (_, index) => index);
    await sendAlong(numbers);
    const before = handlesInUse();
    for (let round = 0; round < 100; round += 1) await sendAlong(numbers);
    expect(handlesInUse()).toBeLessThan(before + 100);
  }, 30_000);
});

describe("callbacks", () => {
  let consumer: NativeConsumer;

  beforeAll(async () => {
    consumer = createNativeConsumer({
      "bootstrap.servers": cluster.brokers,
      "group.id": "handles",
      "enable.auto.commit": false,
    });
    await connectNative(consumer);
  });
  afterAll(() => disconnectNative(consumer, closeTimeoutMs));

  function consume(use: (messages: readonly NativeMessage[]) => void = () => undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      consumer.consume(0, 10, false, (error, messages) => {
        use(messages ?? []);
        if (error === null) resolve();
        else reject(new Error(error.message));
      });
    });
  }

  test("are let go of after their call: thousands of calls leave no objects and no handles", async () => {
    const calls = 5_000;
    for (let call = 0; call < 500; call += 1) await consume();
    Bun.gc(true);
    const before = { objects: heapStats().objectCount, handles: handlesInUse() };
    for (let call = 0; call < calls; call += 1) await consume();
    expect(handlesInUse()).toBeLessThan(before.handles + 100);
    // Kept, they would be two objects and a closure for every call.
    await until("the callbacks are collected", () => {
      Bun.gc(true);
      return heapStats().objectCount < before.objects + calls / 5;
    });
  }, 30_000);

  test("may collect garbage, make further calls and wait for the event loop within their call", async () => {
    for (let round = 0; round < 20; round += 1) {
      const inner: Promise<void>[] = [];
      await consume(() => {
        Bun.gc(true);
        inner.push(
          consume(() => Bun.gc(true)),
          consume(),
        );
        // Bun runs the event loop until this is settled, with the package's frames below.
        let isSettled = false;
        const turn = new Promise<void>((resolve) => setImmediate(resolve)).then(() => (isSettled = true));
        expect(turn).resolves.toBe(true);
        expect(isSettled).toBe(true);
        Bun.gc(true);
      });
      await Promise.all(inner);
    }
  });
});

test("clients opened and closed again and again leave a few handles each, and nothing that crashes", async () => {
  const open = async (): Promise<void> => {
    const producer = await openProducer(() => undefined);
    const consumer = createNativeConsumer({ "bootstrap.servers": cluster.brokers, "group.id": "again" });
    await connectNative(consumer);
    await disconnectNative(producer, closeTimeoutMs);
    await disconnectNative(consumer, closeTimeoutMs);
    Bun.gc(true);
  };
  await open();
  const before = handlesInUse();
  const clients = 20;
  for (let n = 0; n < clients; n += 1) await open();
  // The wrapper objects of the package stay: Bun does not run what V8 runs when they are collected.
  expect(handlesInUse()).toBeLessThan(before + 100 + clients * 12);
}, 60_000);

async function openProducer(onDelivery: (opaque: unknown) => void): Promise<NativeProducer> {
  const producer = createNativeProducer({
    "bootstrap.servers": cluster.brokers,
    "linger.ms": 0,
    dr_cb: true,
  });
  producer.configureCallbacks(true, {
    global: {},
    topic: {},
    event: { event_cb: () => undefined, delivery_cb: (_, { opaque }) => onDelivery(opaque) },
  });
  await connectNative(producer);
  producer.setPollInBackground(true);
  return producer;
}

async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  while (!(await isTrue())) {
    if (performance.now() > giveUpAt) throw new Error(`${what}: not within 10 s`);
    await Bun.sleep(5);
  }
}
