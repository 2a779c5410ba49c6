// A batch that the client cannot read, on a real Kafka: named where it stands, sent on by order, and never without a trace.
// Python's client writes it, and breaks it in the broker's log: a codec that is not there can be had by a rebuild, this cannot.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AuditPage } from "../../contract/audit.ts";
import type { OrderHealthReport } from "../../contract/health.ts";
import { createRegistry } from "../../schemas/registry.ts";
import { type EventWriter, openEventWriter } from "./event-writer.ts";
import { eventually } from "./eventually.ts";
import { callHttp } from "./http-call.ts";
import { type OpenProduct, openProduct } from "./open-product.ts";
import { openRawProducer, type RawProducer } from "./raw-producer.ts";
import { realEnvironment } from "./real-environment.ts";
import { writeUnreadableBatch } from "./write-unreadable-batch.ts";

const environment = realEnvironment();
const python = process.env["TEST_PYTHON"];
const partition = 1;

describe.skipIf(environment === undefined || python === undefined)("a batch that cannot be read", () => {
  let settings: Readonly<Record<string, string>>;
  let product: OpenProduct;
  let writer: EventWriter;
  let producer: RawProducer;
  const topic = () => product.topics.orders;
  const id = (name: string) => `${environment?.prefix ?? ""}-${name}`;

  beforeAll(async () => {
    settings = { ...(await environment?.open()), STALL_AFTER_MS: "2000", ORDER_INSTANCE_ID: id("order") };
    product = await openProduct(settings);
    const registry = createRegistry({ url: settings["SCHEMA_REGISTRY_URL"] ?? "", timeoutMs: 10_000 });
    writer = await openEventWriter(registry, product.settings);
    producer = await openRawProducer(product.parts.brokers);
  }, 90_000);
  afterAll(async () => {
    await producer.close();
    writer.close();
    await product.close();
    await environment?.remove();
  }, 60_000);

  async function create(orderId: string): Promise<number> {
    const value = writer.createB(orderId);
    return (await producer.produce({ topic: topic(), partition, key: Buffer.from(orderId), value })).offset;
  }

  function createUnreadably(orderIds: readonly string[]): Promise<readonly number[]> {
    const values = orderIds.map((orderId) => writer.createB(orderId).toString("hex"));
    const { brokers } = product.parts;
    return writeUnreadableBatch(python ?? "", { brokers, topic: topic(), partition, keys: orderIds, values });
  }

  const ask = <Body = unknown>(method: string, path: string, body?: unknown) =>
    callHttp<Body>(method, `${product.orderUrl}${path}`, body);
  const expectStored = (orderId: string) =>
    eventually(async () => {
      expect((await ask("GET", `/order-details?orderId=${orderId}`)).status).toBe(200);
    }, 30_000);

  test("is named with its offset, is skipped by order, and what comes after it goes on", async () => {
    await create(id("BEFORE"));
    await expectStored(id("BEFORE"));
    // Meanwhile nobody reads: a record that is read at once would be read before it is broken.
    await product.close();
    // So many that compression pays: a client sends a batch as it is otherwise.
    const lost = Array.from({ length: 20 }, (_, index) => id(`LOST-${index}`));
    const offsets = await createUnreadably(lost);
    const first = offsets[0] ?? -1;
    const next = first + lost.length;
    expect(offsets).toEqual(lost.map((_, index) => first + index));
    expect(await create(id("AFTER"))).toBe(next);
    product = await openProduct(settings);

    const stall = { topic: topic(), partition, offset: first, endOffset: next + 1 };
    await eventually(async () => {
      const { body } = await ask<OrderHealthReport>("GET", "/health/detail");
      expect(body.stalledPartitions).toEqual([stall]);
      expect(body.waitingFor).toEqual([`Partition ${topic()}/${partition} stands still at offset ${first}`]);
    }, 60_000);

    const reason = "the batch is broken on disk";
    const range = { topic: topic(), partition, fromOffset: first, toOffset: next };
    for (const [wrong, status] of [
      [{ partition: 0 }, 404],
      [{ fromOffset: first + 1 }, 400],
      [{ toOffset: next + 2 }, 400],
    ] as const) {
      expect((await ask("POST", "/ops/partitions/skip", { ...range, ...wrong, reason })).status).toBe(status);
    }
    expect((await ask<AuditPage>("GET", "/ops/audit")).body.entries).toEqual([]);

    const skip = await ask<{ auditId: number }>("POST", "/ops/partitions/skip", { ...range, reason });
    expect(skip).toEqual({ status: 202, body: { auditId: expect.any(Number), ...range } });
    await expectStored(id("AFTER"));
    await eventually(async () => {
      expect((await ask<OrderHealthReport>("GET", "/health/detail")).body.waitingFor).toEqual([]);
    }, 30_000);

    const { body: audit } = await ask<AuditPage>("GET", "/ops/audit");
    expect(audit.entries).toEqual([
      {
        id: skip.body.auditId,
        at: expect.any(String),
        action: "partitions.skip",
        actor: expect.any(String),
        target: range,
        reason,
        result: `Skipped offsets ${first} to ${next - 1}: consumption goes on at ${next}`,
        endedAt: expect.any(String),
      },
    ]);
    for (const orderId of lost) {
      expect((await ask("GET", `/order-details?orderId=${orderId}`)).status).toBe(404);
    }
  }, 150_000);
});
