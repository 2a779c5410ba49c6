// Poison on the order topic, written raw: as the first record of a partition, between good ones, a thousand in a row, as
// the last one. Each is one dead letter with its reason and its exact bytes, and whatever follows is applied.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createOrderClient } from "../../contract/client.ts";
import { type EventWriter, openEventWriter } from "./event-writer.ts";
import { eventually } from "./eventually.ts";
import type { OpenProduct } from "./open-product.ts";
import { type Poison, poisonRecords } from "./poison.ts";
import { openRawProducer, type RawProducer, type RecordPlace } from "./raw-producer.ts";
import { type LetterOnTopic, readLetter } from "./read-letters.ts";
import { readTopic } from "./read-topic.ts";

interface Written {
  readonly poison: Poison;
  readonly place: RecordPlace;
}

const isGood = ({ reasons }: Poison) => reasons.length === 0;
const partition = 0;
const inARow = 1000;

export function describePoison(name: string, prefix: string, open: () => Promise<OpenProduct>): void {
  describe(name, () => {
    let product: OpenProduct;
    let writer: EventWriter;
    let producer: RawProducer;
    const written: Written[] = [];
    const goodIds: string[] = [];
    let letters: readonly LetterOnTopic[] = [];
    let lastGoodSentAtMs = 0;

    const idOf = ({ topic, partition, offset }: RecordPlace) => `${topic}/${partition}/${offset}`;
    async function produce({
      key,
      value,
      headers,
      timestampMs,
    }: Omit<Poison, "name" | "reasons">): Promise<RecordPlace> {
      return await producer.produce({
        topic: product.topics.orders,
        partition,
        key,
        value,
        ...(headers === undefined ? {} : { headers }),
        ...(timestampMs === undefined ? {} : { timestampMs }),
      });
    }
    async function writePoison(poison: Poison): Promise<void> {
      written.push({ poison, place: await produce(poison) });
    }
    async function writeGood(): Promise<void> {
      const orderId = `${prefix}GOOD-${goodIds.length}`;
      goodIds.push(orderId);
      lastGoodSentAtMs = Date.now();
      await produce({ key: Buffer.from(orderId), value: writer.createB(orderId) });
    }
    async function readLetters(): Promise<readonly LetterOnTopic[]> {
      const { brokers, consumerSettings } = product.parts;
      return (await readTopic({ brokers, consumerSettings }, product.settings.KAFKA_DLQ_TOPIC)).map(
        readLetter,
      );
    }

    beforeAll(async () => {
      product = await open();
      const client = createOrderClient(product.orderUrl);
      writer = await openEventWriter(product.parts.registry, product.settings);
      producer = await openRawProducer(product.parts.brokers);
      for (const poison of poisonRecords(writer, prefix)) {
        await writePoison(poison);
        await writeGood();
      }
      const garbage = (index: number): Poison => ({
        name: "one of a thousand",
        reasons: ["not_avro_framed"],
        key: Buffer.from(`${prefix}row-${index % 7}`),
        value: Buffer.from(`garbage ${index}`),
      });
      await Promise.all(Array.from({ length: inARow }, (_, index) => writePoison(garbage(index))));
      await writeGood();
      await eventually(async () => {
        const orderId = goodIds.at(-1) ?? "";
        expect(await client.orders.details.query({ orderId })).toMatchObject({ orderId });
      }, 30_000);
      const tookMs = Date.now() - lastGoodSentAtMs;
      expect(tookMs).toBeLessThan(5000);
      await writePoison({ ...garbage(0), name: "the last record of the partition" });
      const poisonCount = written.filter(({ poison }) => !isGood(poison)).length;
      await eventually(async () => expect((await client.dlq.stats.query()).total).toBe(poisonCount), 30_000);
      letters = await readLetters();
    }, 90_000);
    afterAll(async () => {
      await producer.close();
      writer.close();
      await product.close();
    }, 30_000);

    test("the first and the last record of the partition were poison", () => {
      expect(written[0]?.place.offset).toBe(0);
      expect(written[0]?.poison.reasons).not.toEqual([]);
      expect(written.at(-1)?.place.offset).toBe(written.length + goodIds.length - 1);
    });

    test("each has exactly one dead letter, with its reason code", () => {
      const poisonAt = new Map(
        written.flatMap(({ poison, place }) => (isGood(poison) ? [] : [[idOf(place), poison] as const])),
      );
      expect(letters.map(({ id }) => id).toSorted()).toEqual([...poisonAt.keys()].toSorted());
      for (const { id, reasonCode } of letters) {
        const poison = poisonAt.get(id);
        expect(poison?.reasons, poison?.name).toContain(reasonCode ?? "");
      }
    });

    test("each dead letter has the exact bytes, key and headers, on the topic", () => {
      const letterOf = new Map(letters.map((letter) => [letter.id, letter]));
      for (const { poison, place } of written) {
        if (isGood(poison)) continue;
        const letter = letterOf.get(idOf(place));
        expect(letter?.originalValue ?? null, poison.name).toEqual(poison.value);
        expect(letter?.originalKey ?? null, poison.name).toEqual(poison.key);
        const headers =
          letter?.originalHeaders.map(({ name, value }) => `${name}=${value?.toString("hex")}`) ?? [];
        expect(headers, poison.name).toEqual(
          (poison.headers ?? []).map(([name, value]) => `${name}=${value?.toString("hex")}`),
        );
        expect(letter, poison.name).toMatchObject({ failedAttempts: 1, errorCategory: "NO_RETRY_DLQ" });
      }
    });

    test("the bytes over HTTP are the same, base64, in topic order", async () => {
      const pages: { id: string; value: string | null }[] = [];
      for (let offset = 0, count = 1; count > 0; offset += count) {
        const response = await fetch(`${product.orderUrl}/dlq/messages?limit=500&offset=${offset}`);
        const page = (await response.json()) as {
          count: number;
          messages: {
            original_topic: string;
            original_partition: number;
            original_offset: number;
            original_value: string | null;
          }[];
        };
        count = page.count;
        for (const message of page.messages) {
          const {
            original_topic: topic,
            original_partition,
            original_offset: offset,
            original_value: value,
          } = message;
          pages.push({ id: idOf({ topic, partition: original_partition, offset }), value });
        }
      }
      expect(pages).toEqual(
        letters.map(({ id, originalValue }) => ({ id, value: originalValue?.toString("base64") ?? null })),
      );
    });

    test("what only looks like poison is applied, and so is every record that follows one", async () => {
      const looks = written.flatMap(({ poison }) => (isGood(poison) ? [String(poison.key)] : []));
      const response = await fetch(
        `${product.orderUrl}/getAllOrderIdsFromTopic?topic=${product.topics.orders}`,
      );
      const { orderIds } = (await response.json()) as { orderIds: string[] };
      expect(orderIds).toEqual([...goodIds, ...looks].toSorted());
    });
  });
}
