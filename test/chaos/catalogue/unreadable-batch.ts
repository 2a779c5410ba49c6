// A batch that librdkafka itself cannot read stops its partition without an error: order names partition and offset, and an
// operator's skip, with its reason in the audit, goes on past it. Python's client writes the batch and breaks it where the
// broker keeps it.
import { join } from "node:path";
import type { AuditPage } from "../../../contract/audit.ts";
import { preparePython } from "../../../scripts/python-environment.ts";
import { callHttp } from "../../system/http-call.ts";
import { writeUnreadableBatch } from "../../system/write-unreadable-batch.ts";
import type { Fault } from "../fault.ts";
import { intentAs } from "../intent.ts";
import type { Stage } from "../stage.ts";
import { createChecks } from "./checks.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const partition = 1;
const lostCount = 20;

async function writeUnreadable(stage: Stage, orderIds: readonly string[]): Promise<readonly number[]> {
  const python = await preparePython(join(root, "schemas", "interop", "requirements.txt"));
  if (!python.ok) throw new Error(python.reason);
  const values = orderIds.map((orderId) => stage.writer.createB(orderId).toString("hex"));
  const topic = stage.settings.KAFKA_ORDER_TOPIC;
  return writeUnreadableBatch(python.python, {
    brokers: stage.brokers,
    topic,
    partition,
    keys: orderIds,
    values,
  });
}

const unreadable: Fault = {
  name: "unreadable-batch",
  row: "poison only",
  pace: "long",
  ownStage: { environment: { STALL_AFTER_MS: "2000" }, ordersPerSecond: 0, account: "own" },
  async run(stage) {
    const checks = createChecks(stage);
    const [order] = stage.orders;
    const topic = stage.settings.KAFKA_ORDER_TOPIC;
    const create = (orderId: string) =>
      stage.publish([
        {
          topic: "orders",
          partition,
          key: Buffer.from(orderId),
          value: stage.writer.createB(orderId),
          headers: [intentAs({ kind: "create", system: "B", status: "new", eventId: null })],
        },
      ]);
    const isStored = async (orderId: string) =>
      (await order.statusOf(`/order-details?orderId=${orderId}`)) === 200;
    await stage.untilHealth(order, 200, 30_000);
    await create("BEFORE");
    await stage.until("the record before is stored", () => isStored("BEFORE"), 30_000);
    // A record that is read at once would be read before it is broken.
    await order.stop();
    const offsets = await writeUnreadable(
      stage,
      Array.from({ length: lostCount }, (_, index) => `LOST-${index}`),
    );
    const [first = -1] = offsets;
    const next = first + lostCount;
    await create("AFTER");
    await order.start();
    await order.untilReady().catch(() => undefined);
    const bit = await checks.expectSoon(
      "order names partition and offset",
      async () => {
        const [stall, ...others] = (await order.detail())?.stalledPartitions ?? [];
        return (
          others.length === 0 &&
          stall?.topic === topic &&
          stall.partition === partition &&
          stall.offset === first
        );
      },
      60_000,
    );
    const health = await order.statusOf("/health");
    checks.expect("health is red", health === 503, health);
    const skippedAt = performance.now();
    const reason = "the batch is broken on disk";
    const range = { topic, partition, fromOffset: first, toOffset: next };
    const skip = await callHttp<{ auditId: number }>("POST", `${order.url}/ops/partitions/skip`, {
      ...range,
      reason,
    });
    checks.expect("the skip is taken", skip.status === 202, skip);
    await checks.expectSoon("what comes after it is stored", () => isStored("AFTER"), 30_000);
    const recoveredMs = performance.now() - skippedAt;
    await stage.untilHealth(order, 200, 30_000);
    const { body } = await callHttp<AuditPage>("GET", `${order.url}/ops/audit`);
    const entry = body.entries.find(({ id }) => id === skip.body.auditId);
    checks.expect(
      "the audit has who skipped what, why, and how it ended",
      entry?.action === "partitions.skip" && entry.reason === reason && entry.endedAt !== null,
      body.entries,
    );
    return checks.report(bit, recoveredMs);
  },
};

/** They need Python. */
export const unreadableBatchFaults: readonly Fault[] = [unreadable];
