// Every poison record of test/system/poison.ts and those that only a real broker takes: first, in the midst and last of a partition, and a
// thousand in a row. Each is one dead letter with its reason and its bytes, and whatever follows it is applied.
import { randomBytes } from "node:crypto";
import type { EventWriter } from "../../system/event-writer.ts";
import { type Poison, poisonRecords } from "../../system/poison.ts";
import { readLetter } from "../../system/read-letters.ts";
import { readTopic } from "../../system/read-topic.ts";
import type { Fault } from "../fault.ts";
import { intentAs, type PlannedRecord } from "../intent.ts";
import type { Stage } from "../stage.ts";
import { createChecks } from "./checks.ts";
import { garbage } from "./garbage.ts";
import { configureTopic } from "./kafka-tools.ts";
import { countRows, readResidentBytes } from "./read-stage.ts";

const indexed = "select count(*) from dead_letters";
const megabyte = 1024 * 1024;
const year9999Ms = Date.UTC(9999, 11, 31, 23, 59, 59);

function good(stage: Stage, orderId: string): PlannedRecord {
  return {
    topic: "orders",
    key: Buffer.from(orderId),
    value: stage.writer.createB(orderId),
    headers: [intentAs({ kind: "create", system: "B", status: "new", eventId: null })],
  };
}

/** What only looks like poison is a create of the order that is its key. */
function planned({ reasons, key, value, headers = [], timestampMs }: Poison): PlannedRecord {
  const intent = intentAs(
    reasons.length > 0
      ? { kind: "poison", reasons }
      : { kind: "create", system: "B", status: "new", eventId: null },
  );
  return {
    topic: "orders",
    key,
    value,
    headers: [...headers, intent],
    ...(timestampMs === undefined ? {} : { timestampMs }),
  };
}

/** A broker of its own makes these possible, or the topic's settings. */
export function poisonOfBrokers(writer: EventWriter): readonly Poison[] {
  const made = (name: string, reasons: readonly string[], orderId: string): Poison => ({
    name,
    reasons,
    key: Buffer.from(orderId),
    value: writer.createB(orderId),
  });
  return [
    { ...made("an event of 9999", [], "OF-9999"), timestampMs: year9999Ms },
    made("a NUL in the orderId", ["invalid_event"], "a\u0000b"),
    made("an orderId of 1,025 characters", ["invalid_event"], "x".repeat(1025)),
  ];
}

const everyPoison: Fault = {
  name: "every-poison-record",
  row: "poison only",
  pace: "quick",
  ownStage: { ordersPerSecond: 0 },
  async run(stage) {
    const checks = createChecks(stage);
    const [order] = stage.orders;
    await stage.untilHealth(order, 200, 30_000);
    // Brokers refuse records from the future, unless they are told not to.
    const restore = await configureTopic(stage, stage.settings.KAFKA_ORDER_TOPIC, {
      "message.timestamp.after.max.ms": "9223372036854775807",
    });
    try {
      const before = await readResidentBytes(order.pid());
      const all = [...poisonRecords(stage.writer, "POISON-"), ...poisonOfBrokers(stage.writer)].map(planned);
      const goodIds: string[] = [];
      // Each is followed by a good one; on every partition the first record is poison, and the last.
      const written: PlannedRecord[] = all.flatMap((record, index) => {
        const orderId = `GOOD-${index}`;
        goodIds.push(orderId);
        return [record, good(stage, orderId)].map((one) => ({ ...one, partition: index % 3 }));
      });
      for (const partition of [0, 1, 2]) {
        written.unshift(...garbage(`FIRST-${partition}`, 1, { partition }));
        written.push(...garbage(`ROW-${partition}`, partition === 0 ? 1000 : 1, { partition, keys: 7 }));
      }
      const places = await stage.publish(written);
      const recoveredMs = await checks.caughtUp();
      const poisonCount = written.filter(({ headers }) =>
        String(headers.at(-1)?.[1]).includes('"poison"'),
      ).length;
      await checks.expectSoon(
        `each of ${poisonCount} is one dead letter`,
        async () => (await countRows(stage, indexed)) === poisonCount,
        30_000,
      );
      checks.expect(
        "the first record of each partition was poison",
        places.slice(0, 3).every(({ offset }) => offset === 0),
        places.slice(0, 3),
      );
      const applied = await countRows(stage, "select count(*) from orders where order_id like 'GOOD-%'");
      checks.expect(
        "every record after one is applied",
        applied === goodIds.length,
        `${applied} of ${goodIds.length}`,
      );
      const ready = await order.statusOf("/health/ready");
      checks.expect("order is ready", ready === 200, ready);
      const growth = Math.round(((await readResidentBytes(order.pid())) - before) / megabyte);
      checks.expect("memory is flat", growth < 200, `${growth} MB more`);
      stage.note(`${written.length} records, ${poisonCount} poison, ${growth} MB more`);
      return checks.report(poisonCount > 1000, recoveredMs);
    } finally {
      await restore();
    }
  },
};

const tenMegabytes: Fault = {
  name: "values-of-10-mb",
  row: "poison only",
  pace: "quick",
  // The dead letter has size and hash in place of the bytes: its topic takes no such record.
  ownStage: { ordersPerSecond: 0, account: "own" },
  async run(stage) {
    const checks = createChecks(stage);
    const [order] = stage.orders;
    await stage.untilHealth(order, 200, 30_000);
    const restore = await configureTopic(stage, stage.settings.KAFKA_ORDER_TOPIC, {
      "max.message.bytes": "12000000",
    });
    try {
      const before = await readResidentBytes(order.pid());
      const count = 5;
      // Incompressible, and no event.
      const values = Array.from({ length: count }, () => {
        const value = randomBytes(7_500_000);
        value[0] = 1;
        return value;
      });
      // What compresses is larger still.
      values.push(Buffer.alloc(7_900_000, "x"));
      for (const value of values) {
        await stage.publish([
          {
            topic: "orders",
            partition: 0,
            key: Buffer.from("TEN"),
            value,
            headers: [intentAs({ kind: "poison" })],
          },
        ]);
      }
      await stage.publish([{ ...good(stage, "AFTER-TEN"), partition: 0 }]);
      const recoveredMs = await checks.caughtUp();
      await checks.expectSoon(
        "each is one dead letter",
        async () => (await countRows(stage, indexed)) === values.length,
        30_000,
      );
      const source = { brokers: stage.brokers, consumerSettings: {} };
      const records = await readTopic(source, stage.settings.KAFKA_DLQ_TOPIC);
      const letters = records.map((record) => ({ record, letter: readLetter(record) }));
      checks.expect(
        "with size and hash where the bytes do not fit",
        letters.every(({ record, letter }, index) => {
          const value = values[index];
          if (value === undefined) return false;
          const hash = new Bun.CryptoHasher("sha256").update(value).digest("hex");
          return letter.originalValue?.equals(value) === true || record.value?.includes(hash) === true;
        }),
        letters.map(({ letter }) => letter.originalValue?.length ?? "omitted"),
      );
      const after = await order.statusOf("/order-details?orderId=AFTER-TEN");
      checks.expect("the next record is applied", after === 200, after);
      const growth = Math.round(((await readResidentBytes(order.pid())) - before) / megabyte);
      checks.expect("memory stays within 400 MB", growth < 400, `${growth} MB more`);
      return checks.report(true, recoveredMs);
    } finally {
      await restore();
    }
  },
};

export const poisonFaults: readonly Fault[] = [everyPoison, tenMegabytes];
