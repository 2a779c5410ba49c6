// The probe: does this Bun, with this build, do what the product relies on? Everything here goes through the package's
// own API and a broker that speaks the real protocol, so that each function of compat.cc is called as in production.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type {
  KafkaConsumer,
  LibrdKafkaError,
  Message,
  MessageHeader,
  Producer,
} from "@confluentinc/kafka-javascript/types/rdkafka.js";
import { type EmbeddedCluster, openEmbeddedCluster } from "../embedded.ts";
import { missingSymbols } from "./build.ts";
import { readDynamicSymbols } from "./elf.ts";
import { kafkaAddonPath, loadKafkaClient } from "./load.ts";
import { foreignSymbol } from "./mock-cluster.ts";

const kafka = loadKafkaClient();
const onLinux = process.platform === "linux";

describe("the add-on", () => {
  test("is the librdkafka that the package names, with TLS, SCRAM and every codec but zstd", () => {
    expect(kafka.librdkafkaVersion).toBe("2.15.1");
    for (const feature of ["ssl", "sasl_scram", "sasl_plain", "sasl_oauthbearer", "gzip", "snappy", "lz4"]) {
      expect(kafka.features).toContain(feature);
    }
  });

  test.skipIf(!onLinux)("needs no function that this Bun lacks", () => {
    expect(missingSymbols(kafkaAddonPath())).toEqual([]);
  });

  test.skipIf(!onLinux)("asks only system libraries, and itself before Bun", () => {
    const { needed, symbolic, defined } = readDynamicSymbols(kafkaAddonPath());
    const foreign = needed.filter(
      (name) => !/^(lib(c|m|dl|rt|pthread|ssl|crypto|z|zstd)\.|ld-|ld64)/.test(name),
    );
    expect(foreign).toEqual([]);
    expect(symbolic).toBe(true);
    // Private: another add-on may bring its own librdkafka or OpenSSL.
    expect([...defined].filter((name) => /^(rd_kafka_|SSL_|inflate)/.test(name))).toEqual([]);
  });

  test("calls its own locks and threads, not Bun's stubs that end the process", () => {
    expect(foreignSymbol()).toBe("");
  });

  test.skipIf(!onLinux)("has every symbol resolvable, as the dynamic linker itself sees it", () => {
    expect(resolveAll(kafkaAddonPath())).toBe("resolved");
  });
});

describe("bytes through the broker and back", () => {
  const topic = "round-trip";
  let cluster: EmbeddedCluster;
  let producer: Producer;
  let consumer: KafkaConsumer;

  beforeAll(async () => {
    cluster = openEmbeddedCluster({ topics: [{ name: topic, partitions: 1 }] });
    producer = await connectProducer(cluster);
    consumer = await connectConsumer(cluster, "round-trip");
    consumer.subscribe([topic]);
  });
  afterAll(async () => {
    await disconnect(consumer);
    await disconnect(producer);
    cluster.close();
  });

  // As plain JavaScript calls it: with values that the types rule out.
  function produceUntyped(...given: readonly unknown[]): void {
    Reflect.apply(Reflect.get(producer, "produce"), producer, given);
  }

  async function roundTrip(
    value: unknown,
    key: unknown = "key",
    headers: MessageHeader[] = [],
  ): Promise<Message> {
    produceUntyped(topic, 0, value, key, null, undefined, headers);
    const [message] = await consumeRecords(consumer, 1);
    if (message === undefined) throw new Error("no record");
    return message;
  }

  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

  test.each([
    ["every byte value", everyByte],
    ["one NUL", Buffer.from([0])],
    ["text beyond ASCII", Buffer.from("Grüße, 注文, 🚚")],
    ["900,000 bytes", Buffer.alloc(900_000, "ä")],
  ])("a value of %s arrives unchanged", async (_, bytes) => {
    const { value, size } = await roundTrip(bytes);
    expect(Buffer.isBuffer(value)).toBe(true);
    expect(value?.equals(bytes)).toBe(true);
    expect(size).toBe(bytes.length);
  });

  test("an empty value stays an empty value and a null value a tombstone", async () => {
    expect((await roundTrip(Buffer.alloc(0))).value).toEqual(Buffer.alloc(0));
    expect((await roundTrip(null)).value).toBeNull();
  });

  test("keys keep their bytes, also empty and not UTF-8", async () => {
    for (const key of [Buffer.alloc(0), Buffer.from([0xff, 0x00, 0xfe]), Buffer.from("ORD-é")]) {
      expect((await roundTrip(everyByte, key)).key).toEqual(key);
    }
    expect(String((await roundTrip(everyByte, "ORD-日本")).key)).toBe("ORD-日本");
    expect((await roundTrip(everyByte, null)).key ?? null).toBeNull();
  });

  test.each([
    ["a Uint8Array", () => new Uint8Array(everyByte)],
    [
      "a part of a larger buffer",
      () => Buffer.concat([Buffer.alloc(7), everyByte, Buffer.alloc(9)]).subarray(7, 263),
    ],
    ["a Uint16Array", () => new Uint16Array(new Uint8Array(everyByte).buffer)],
    ["a DataView with an offset", () => new DataView(new Uint8Array([9, 9, ...everyByte]).buffer, 2)],
    ["memory that threads share", () => Buffer.from(sharedCopy(everyByte))],
    ["a resizable buffer", () => resizableCopy(everyByte)],
  ])("%s is taken as its bytes", async (_, make) => {
    expect((await roundTrip(make())).value).toEqual(everyByte);
  });

  test("a detached buffer is no bytes, not freed memory", async () => {
    const view = new Uint8Array(everyByte);
    structuredClone(view.buffer, { transfer: [view.buffer] });
    expect((await roundTrip(view)).value).toEqual(Buffer.alloc(0));
  });

  test("what is not bytes is refused with an exception", () => {
    for (const value of ["text", 1, {}, [], new ArrayBuffer(1), true]) {
      expect(() => produceUntyped(topic, 0, value, "key", null, undefined, [])).toThrow("must be a buffer");
    }
  });

  test("headers keep their order, repeated names, and bytes with NUL and beyond ASCII", async () => {
    const headers: MessageHeader[] = [
      { "x-first": everyByte },
      { tröt: Buffer.from("Ä\0Ö") },
      { "x-first": Buffer.alloc(0) },
      { "1": "text as text: é" },
      { ["long-name-".repeat(200)]: Buffer.alloc(50_000, 7) },
    ];
    const received: unknown = (await roundTrip(everyByte, "key", headers)).headers;
    expect(received).toEqual([
      { "x-first": everyByte },
      { tröt: Buffer.from("Ä\0Ö") },
      { "x-first": Buffer.alloc(0) },
      { "1": Buffer.from("text as text: é") },
      { ["long-name-".repeat(200)]: Buffer.alloc(50_000, 7) },
    ]);
  });

  test("a thousand headers are a thousand headers", async () => {
    const headers = Array.from({ length: 1_000 }, (_, index) => ({
      [`h${index}`]: Buffer.from(String(index)),
    }));
    const received: unknown = (await roundTrip(everyByte, "key", headers)).headers;
    expect(received).toEqual(headers);
  });

  test("received bytes outlive garbage collection and later polls", async () => {
    const kept = await roundTrip(everyByte, "kept", [{ h: everyByte }]);
    for (let round = 0; round < 20; round++) await roundTrip(Buffer.alloc(10_000, round), "later");
    Bun.gc(true);
    expect(kept.value).toEqual(everyByte);
    const headers: unknown = kept.headers;
    expect(headers).toEqual([{ h: everyByte }]);
    // A view of a shared pool would keep the whole pool alive.
    expect(kept.value?.buffer.byteLength).toBe(256);
  });
});

describe("values that JavaScript hands over", () => {
  let cluster: EmbeddedCluster;
  beforeAll(() => {
    cluster = openEmbeddedCluster({
      topics: [
        { name: "orders-1", partitions: 1 },
        { name: "other", partitions: 1 },
      ],
    });
  });
  afterAll(() => cluster.close());

  test("an exception in a configuration object reaches the caller", () => {
    const configuration = new Proxy(
      {},
      {
        ownKeys() {
          throw new RangeError("from the trap");
        },
      },
    );
    expect(() => new kafka.Producer(configuration)).toThrow("from the trap");
  });

  test("booleans and numbers of a configuration arrive as such, and wrong ones are refused by name", () => {
    const settings = { "bootstrap.servers": cluster.brokers, "enable.idempotence": true, "linger.ms": 5 };
    expect(() => new kafka.Producer({ ...settings, "socket.keepalive.enable": false })).not.toThrow();
    expect(() => new kafka.Producer({ ...settings, "batch.size": -1 })).toThrow("batch.size");
    expect(() => Reflect.construct(kafka.Producer, [{ ...settings, nonsense: 1 }])).toThrow("nonsense");
  });

  test("topics given as regular expressions are matched", async () => {
    const producer = await connectProducer(cluster);
    for (const topic of ["other", "orders-1"])
      producer.produce(topic, 0, Buffer.from(topic), "key", null, undefined, []);
    const consumer = await connectConsumer(cluster, "by-pattern");
    consumer.subscribe([/^orders-[0-9]$/]);
    const [message] = await consumeRecords(consumer, 1);
    expect(message?.topic).toBe("orders-1");
    await disconnect(consumer);
    await disconnect(producer);
  });

  test("offsets far beyond 32 bits and offset metadata beyond ASCII are committed and read back", async () => {
    const consumer = await connectConsumer(cluster, "large-offsets");
    const offset = 2 ** 52 + 1;
    consumer.commitSync({ topic: "other", partition: 0, offset, metadata: "Notiz: é" });
    const committed = await new Promise((resolve, reject) =>
      consumer.committed(
        [{ topic: "other", partition: 0 }],
        5_000,
        (error: LibrdKafkaError | null, offsets) => (error ? reject(error) : resolve(offsets)),
      ),
    );
    expect(committed).toMatchObject([{ topic: "other", partition: 0, offset }]);
    await disconnect(consumer);
  });

  test("a consumer that runs its own thread delivers and stops", async () => {
    const producer = await connectProducer(cluster);
    producer.produce("other", 0, Buffer.from("threaded"), "key", null, undefined, []);
    const consumer = await connectConsumer(cluster, "flowing");
    consumer.subscribe(["other"]);
    const value = await new Promise((resolve, reject) =>
      consumer.consume((error: LibrdKafkaError | null, message: Message | Message[]) => {
        if (error) return reject(error);
        return resolve((Array.isArray(message) ? message[0] : message)?.value?.toString());
      }),
    );
    expect(value).toBe("other");
    await disconnect(consumer);
    await disconnect(producer);
  });
});

/**
 * Bun opens add-ons lazily, so a missing symbol would show only when it is called. RTLD_NOW asks for all of them at once;
 * a process of its own and without the package, because the linker does not look again at a file that is open.
 */
function resolveAll(addonPath: string): string {
  const program = `
    import { CString, dlopen } from "bun:ffi";
    const functions = { dlopen: { args: ["ptr", "i32"], returns: "ptr" }, dlerror: { args: [], returns: "ptr" } };
    const open = (name) => { try { return dlopen(name, functions); } catch { return null; } };
    const { symbols } = open("libc.so.6") ?? open("libc.so");
    const RTLD_NOW = 2;
    const handle = symbols.dlopen(Buffer.from(process.argv[1] + "\\0"), RTLD_NOW);
    process.stdout.write(handle === null ? String(new CString(symbols.dlerror())) : "resolved");`;
  const probe = Bun.spawnSync([process.execPath, "-e", program, addonPath]);
  return probe.stdout.toString() + probe.stderr.toString();
}

async function connectProducer(cluster: EmbeddedCluster): Promise<Producer> {
  const producer = new kafka.Producer({ "bootstrap.servers": cluster.brokers, "linger.ms": 0 });
  await connect(producer);
  return producer;
}

async function connectConsumer(cluster: EmbeddedCluster, group: string): Promise<KafkaConsumer> {
  const consumer = new kafka.KafkaConsumer(
    {
      "bootstrap.servers": cluster.brokers,
      "group.id": group,
      "enable.auto.commit": false,
      "fetch.wait.max.ms": cluster.fetchWaitMaxMs,
    },
    { "auto.offset.reset": "earliest" },
  );
  await connect(consumer);
  consumer.setDefaultConsumeTimeout(50);
  return consumer;
}

function connect(client: Producer | KafkaConsumer): Promise<void> {
  return new Promise((resolve, reject) =>
    client.connect({}, (error: LibrdKafkaError | null) => (error ? reject(error) : resolve())),
  );
}

function disconnect(client: Producer | KafkaConsumer): Promise<void> {
  return new Promise((resolve) => client.disconnect(() => resolve()));
}

async function consumeRecords(consumer: KafkaConsumer, count: number): Promise<readonly Message[]> {
  const records: Message[] = [];
  const deadline = Date.now() + 15_000;
  while (records.length < count && Date.now() < deadline) {
    const batch = await new Promise<Message[]>((resolve, reject) =>
      consumer.consume(count - records.length, (error: LibrdKafkaError | null, messages: Message[]) =>
        error ? reject(error) : resolve(messages),
      ),
    );
    records.push(...batch);
  }
  return records;
}

function sharedCopy(bytes: Uint8Array): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  return shared;
}

function resizableCopy(bytes: Uint8Array): Uint8Array {
  const buffer = new ArrayBuffer(bytes.length, { maxByteLength: bytes.length * 4 });
  const view = new Uint8Array(buffer);
  view.set(bytes);
  return view;
}
