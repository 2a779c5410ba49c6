// What every index of dead letters promises, whatever keeps its rows.
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  type DeadLetterCount,
  type DeadLetterFilter,
  type IndexedDeadLetter,
  omissions,
} from "./dead-letter-index.ts";
import { orderIdOf } from "../domain/dead-letter.ts";
import { toDeadLetterRow } from "./dead-letter-row.ts";
import type { StorePlace } from "./order-store-fixtures.ts";
import { failedAttempt } from "./parked-record-fixtures.ts";
import { anyAttempts, anyDeath, anyEvent, anyOriginal, anyText } from "./record-arbitraries.ts";
import { openInstances } from "./store-instances.ts";

export function deadLetter(
  dlqOffset: number,
  differences: Partial<IndexedDeadLetter> = {},
): IndexedDeadLetter {
  const orderId = `ORD-${dlqOffset}`;
  return {
    id: `order-events/0/${dlqOffset}`,
    original: {
      topic: "order-events",
      partition: 0,
      offset: dlqOffset,
      timestampMs: 1_788_000_000_000,
      key: Buffer.from(orderId),
      value: Buffer.from([0, 0, 0, 0, 7, 255]),
      headers: [["event-id", Buffer.from("event-1")]],
    },
    omittedValue: null,
    omitted: [],
    consumerGroup: "order-service-group",
    errorType: "ValueError",
    errorMessage: `Duplicate order ID: ${orderId} already exists. Cannot create duplicate order.`,
    death: { category: "RETRY_THEN_DLQ", reason: "duplicate_create" },
    event: { eventType: "Order", eventId: "event-1", schemaId: 7, eventJson: `{"orderId":"${orderId}"}` },
    failedAttempts: 4,
    attempts: [failedAttempt(1), failedAttempt(4)],
    firstFailedAtMs: 1000,
    lastFailedAtMs: 8000,
    dlqTopic: "order-events-dlq",
    dlqPartition: 0,
    dlqOffset,
    ...differences,
  };
}

function deadLetters(count: number): readonly IndexedDeadLetter[] {
  return Array.from({ length: count }, (_, dlqOffset) => deadLetter(dlqOffset));
}

function counted(byCategory: Record<string, number>, dlqTopic = "order-events-dlq"): DeadLetterCount[] {
  return Object.entries(byCategory).map(([category, letters]) => ({ dlqTopic, category, letters }));
}

/** A row of `letter` as it was written before there were several DLQ topics: the values of `columns`, and the document. */
export function rowOfBefore(letter: IndexedDeadLetter) {
  const { document: text, ...row } = toDeadLetterRow(letter);
  const { dlqTopic: _topic, omitted: _omitted, ...document } = JSON.parse(text);
  return { ...row, document: JSON.stringify(document) };
}

export function describeDeadLetterIndex(name: string, createPlace: () => Promise<StorePlace>): void {
  describe(`the index of dead letters in ${name}`, () => {
    const instances = openInstances(createPlace);
    const offsetsOf = async (filter: DeadLetterFilter) =>
      (await instances.store.deadLetters.list({ filter, limit: 100 })).map(({ dlqOffset }) => dlqOffset);

    test("a letter comes back exactly, whatever an attacker wrote into it, and is found by each of its texts", async () => {
      let dlqOffset = 0;
      const letter: fc.Arbitrary<IndexedDeadLetter> = fc.record({
        id: anyText,
        original: anyOriginal,
        omittedValue: fc.option(fc.record({ size: fc.maxSafeNat(), sha256: anyText })),
        omitted: fc.subarray([...omissions]),
        consumerGroup: anyText,
        errorType: anyText,
        errorMessage: anyText,
        death: anyDeath,
        event: anyEvent,
        failedAttempts: fc.nat(),
        attempts: anyAttempts,
        firstFailedAtMs: fc.maxSafeInteger(),
        lastFailedAtMs: fc.maxSafeInteger(),
        dlqTopic: fc.constantFrom("a-dlq", "recovererDLQ"),
        dlqPartition: fc.constant(0),
        dlqOffset: fc.constant(0),
      });
      await fc.assert(
        fc.asyncProperty(letter, async (drawn) => {
          const { store, neighbour } = instances;
          const expected = { ...drawn, id: `${dlqOffset}/${drawn.id}`, dlqOffset: dlqOffset++ };
          await store.deadLetters.add([expected]);
          expect(await neighbour.deadLetters.get(expected.id)).toEqual(expected);
          const { original, errorType, death, errorMessage, lastFailedAtMs } = expected;
          const filters: DeadLetterFilter[] = [
            { topic: original.topic },
            { errorType },
            { reason: death.reason, category: death.category },
            { dlqTopics: [expected.dlqTopic] },
            { dlqTopics: ["", expected.dlqTopic] },
            { text: errorMessage },
            { text: expected.event.eventJson ?? "" },
            { fromMs: lastFailedAtMs, untilMs: lastFailedAtMs + 1 },
          ];
          if (original.key !== null) filters.push({ orderId: orderIdOf(original.key) });
          const page = { limit: 1, after: { ...expected, dlqOffset: expected.dlqOffset - 1 } };
          for (const filter of filters) {
            expect(await store.deadLetters.list({ filter, ...page })).toEqual([expected]);
          }
        }),
        { numRuns: 80 },
      );
    });

    test("a letter from either end of time is found by its time", async () => {
      const ends = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE];
      await instances.store.deadLetters.add(
        ends.map((lastFailedAtMs, dlqOffset) => deadLetter(dlqOffset, { lastFailedAtMs })),
      );
      const at = (ms: number) => offsetsOf({ fromMs: ms, untilMs: ms + 1 });
      expect(await at(Number.MIN_SAFE_INTEGER)).toEqual([0]);
      expect(await at(Number.MAX_SAFE_INTEGER)).toEqual([1, 2]);
    });

    test("a copy of a known event is no second letter: not in one batch, not in another, not at once", async () => {
      const { store, neighbour } = instances;
      const letters = deadLetters(50);
      const copies = letters.map((letter) => ({
        ...letter,
        dlqOffset: letter.dlqOffset + 1000,
        errorMessage: "copy",
      }));
      await Promise.all([
        store.deadLetters.add([...letters, ...copies]),
        neighbour.deadLetters.add(letters.toReversed()),
        store.deadLetters.add(letters),
      ]);
      await neighbour.deadLetters.add(copies);
      expect(await store.deadLetters.list({ filter: {}, limit: 100 })).toEqual(letters);
      expect(await store.deadLetters.count()).toEqual(counted({ RETRY_THEN_DLQ: 50 }));
    });

    test("an event of a topic that was made anew is a letter of its own, and its copies are not", async () => {
      const { store, neighbour } = instances;
      const [first, second, third] = [1000, 2000, 3000].map((timestampMs, index) =>
        deadLetter(7, { original: { ...deadLetter(7).original, timestampMs }, dlqOffset: 10 + index }),
      );
      if (first === undefined || second === undefined || third === undefined)
        throw new Error("three letters");
      const renamed = (letter: IndexedDeadLetter, id: string) => ({ ...letter, id });
      const expected = [
        first,
        renamed(second, "order-events/0@2000/7"),
        renamed(third, "order-events/0@3000/7"),
      ];
      await store.deadLetters.add([first, second, first, second]);
      await Promise.all([
        neighbour.deadLetters.add([third, { ...first, dlqOffset: 99 }]),
        store.deadLetters.add([{ ...second, dlqOffset: 98 }, third]),
      ]);
      expect(await store.deadLetters.list({ filter: {}, limit: 9 })).toEqual(expected);
      expect(await neighbour.deadLetters.get("order-events/0@2000/7")).toEqual(expected[1]);
      expect(await store.deadLetters.count()).toEqual(counted({ RETRY_THEN_DLQ: 3 }));
    });

    test("a letter without a time is a copy of the one with its id", async () => {
      const { store } = instances;
      const untimed = deadLetter(7, { original: { ...deadLetter(7).original, timestampMs: null } });
      await store.deadLetters.add([deadLetter(7), untimed]);
      await store.deadLetters.add([untimed]);
      expect(await store.deadLetters.list({ filter: {}, limit: 9 })).toEqual([deadLetter(7)]);
    });

    test("letters are listed in topic order, by page numbers and by cursor, and pages stay stable while more come", async () => {
      const { store, neighbour } = instances;
      const at = (dlqTopic: string, dlqPartition: number, offset: number) =>
        deadLetter(offset, { id: `${dlqTopic}/${dlqPartition}/${offset}`, dlqTopic, dlqPartition });
      await store.deadLetters.add([at("b", 0, 0), at("a", 1, 0), at("a", 0, 10), at("a", 0, 9)]);
      await store.deadLetters.add([at("", 0, 500), at("a", 0, 100)]);
      const page = async (request: Omit<Parameters<typeof store.deadLetters.list>[0], "filter">) =>
        (await store.deadLetters.list({ filter: {}, ...request })).map(({ id }) => id);
      const after = (dlqTopic: string, dlqPartition: number, dlqOffset: number) => ({
        limit: 3,
        after: { dlqTopic, dlqPartition, dlqOffset },
      });
      expect(await page({ limit: 3 })).toEqual(["/0/500", "a/0/9", "a/0/10"]);
      await neighbour.deadLetters.add([at("a", 1, 1), at("a", 0, 101), at("B", 0, 0)]);
      expect(await page(after("a", 0, 10))).toEqual(["a/0/100", "a/0/101", "a/1/0"]);
      expect(await page(after("a", 1, 0))).toEqual(["a/1/1", "b/0/0"]);
      expect(await page(after("", 0, 500))).toEqual(["B/0/0", "a/0/9", "a/0/10"]);
      expect(await page({ limit: 2, offset: 2 })).toEqual(["a/0/9", "a/0/10"]);
      expect(await page({ limit: 9, offset: 9 })).toEqual([]);
      expect(await page({ limit: 0 })).toEqual([]);
    });

    test("letters of one DLQ topic, or of several, are found and paged through without the others", async () => {
      const { store } = instances;
      const topics = ["", "a-dlq", "m-dlq", "recovererDLQ"];
      const letters = topics.flatMap((dlqTopic) =>
        deadLetters(60).map((letter) => ({ ...letter, dlqTopic, id: `${dlqTopic}/${letter.dlqOffset}` })),
      );
      await store.deadLetters.add(letters.toReversed());
      for (const dlqTopics of [["m-dlq"], ["", "m-dlq"], ["recovererDLQ", "a-dlq"], topics, ["none"], []]) {
        const found: IndexedDeadLetter[] = [];
        for (;;) {
          const last = found.at(-1);
          const page = await store.deadLetters.list({
            filter: { dlqTopics, text: "ord-" },
            limit: 25,
            ...(last === undefined ? {} : { after: last }),
          });
          if (page.length === 0) break;
          found.push(...page);
        }
        expect(found).toEqual(letters.filter(({ dlqTopic }) => dlqTopics.includes(dlqTopic)));
        const behind = await store.deadLetters.list({ filter: { dlqTopics }, limit: 9, offset: 55 });
        expect(behind).toEqual(found.slice(55, 64));
      }
    });

    test("filters find exactly what they name, alone and together", async () => {
      const { store } = instances;
      await store.deadLetters.add([
        deadLetter(0),
        deadLetter(1, { errorType: "DecodeError", death: { category: "NO_RETRY_DLQ", reason: "truncated" } }),
        deadLetter(2, {
          original: { ...deadLetter(2).original, topic: "order-status-updates" },
          lastFailedAtMs: 9000,
        }),
        deadLetter(3, { original: { ...deadLetter(3).original, key: null }, lastFailedAtMs: 8999 }),
        deadLetter(4, { original: { ...deadLetter(4).original, key: Buffer.from("ORD-0") } }),
      ]);
      const longKey = Buffer.from([0, 0, 0, 0, 0, 0, 1, 2]);
      const ofSagas = {
        lastFailedAtMs: 9500,
        errorType: "x",
        original: { ...deadLetter(5).original, key: longKey },
      };
      await store.deadLetters.add([deadLetter(5, ofSagas)]);
      expect(await offsetsOf({ orderId: "258" })).toEqual([5]);
      expect(await offsetsOf({ errorType: "DecodeError" })).toEqual([1]);
      expect(await offsetsOf({ category: "NO_RETRY_DLQ" })).toEqual([1]);
      expect(await offsetsOf({ reason: "truncated" })).toEqual([1]);
      expect(await offsetsOf({ topic: "order-status-updates" })).toEqual([2]);
      expect(await offsetsOf({ orderId: "ORD-0" })).toEqual([0, 4]);
      expect(await offsetsOf({ orderId: "ord-0" })).toEqual([]);
      expect(await offsetsOf({ fromMs: 9000 })).toEqual([2, 5]);
      expect(await offsetsOf({ untilMs: 9000 })).toEqual([0, 1, 3, 4]);
      expect(await offsetsOf({ fromMs: 8001, untilMs: 9000 })).toEqual([3]);
      expect(await offsetsOf({ category: "RETRY_THEN_DLQ", orderId: "ORD-0", text: "ORD-4" })).toEqual([4]);
      expect(await offsetsOf({ topic: "order-events", errorType: "ValueError", untilMs: 8500 })).toEqual([
        0, 4,
      ]);
      for (const nothing of ["%", "", "order", "\0", "\ud800", "x".repeat(10_000)]) {
        expect(await offsetsOf({ topic: nothing })).toEqual([]);
      }
    });

    test("a text is found in the message and in the event, whatever its case, literally, and not across the two", async () => {
      const { store } = instances;
      const letter = (dlqOffset: number, errorMessage: string, eventJson: string | null) =>
        deadLetter(dlqOffset, { errorMessage, event: { ...deadLetter(0).event, eventJson } });
      await store.deadLetters.add([
        letter(0, "Straße ΟΔΟΣ 100%_x", '{"note":"Grüße"}'),
        letter(1, "ends", "begins"),
        letter(2, "nul\0 and half \ud800 it", null),
        letter(3, "x".repeat(200_000), `{"far":"${"y".repeat(200_000)}Needle"}`),
      ]);
      for (const text of ["strasse", "οδος", "ΟΔΟΣ", "100%_X", "GRÜSSE", '"NOTE"']) {
        expect([text, await offsetsOf({ text })]).toEqual([text, [0]]);
      }
      expect(await offsetsOf({ text: "needle" })).toEqual([3]);
      expect(await offsetsOf({ text: "NUL\0 and HALF \ud800" })).toEqual([2]);
      for (const text of ["endsbegins", "ends\nbegins", "ends\u0001begins", "%", "l_", "\\"]) {
        expect([text, await offsetsOf({ text })]).toEqual([text, text === "%" ? [0] : []]);
      }
      expect(await offsetsOf({ text: "" })).toEqual([0, 1, 2, 3]);
    });

    test("a header is found with exactly its value, whatever bytes it has, and nothing else that reads like it", async () => {
      const { store } = instances;
      const withHeaders = (dlqOffset: number, ...headers: [string, Buffer | null][]) =>
        deadLetter(dlqOffset, { original: { ...deadLetter(dlqOffset).original, headers } });
      const text = (value: string) => Buffer.from(value);
      await store.deadLetters.add([
        withHeaders(0, ["a", text("x")], ["source", text("web")], ["source", text("app")]),
        withHeaders(1, ["source", text("web ")], ["source=web", text("")], ["Source", text("web")]),
        withHeaders(2, ["source", null], ["web", text("source")], ["source", text('["source","d2Vi"]')]),
        withHeaders(3, ['"\\', text("Grüße=\ud83d\ude00")], ["source", text("")]),
        deadLetter(4, { errorMessage: '["source","d2Vi"]', omitted: [...omissions] }),
      ]);
      const found = (name: string, value: string) => offsetsOf({ header: { name, value } });
      expect(await found("source", "web")).toEqual([0]);
      expect(await found("source", "app")).toEqual([0]);
      expect(await found("source", "")).toEqual([3]);
      expect(await found('"\\', "Grüße=\ud83d\ude00")).toEqual([3]);
      expect(await found("event-id", "event-1")).toEqual([4]);
      expect(await found("source", "we")).toEqual([]);
      const filter = {
        header: { name: "source", value: "web" },
        reason: "duplicate_create",
        state: "open",
      } as const;
      expect(await offsetsOf(filter)).toEqual([0]);
      expect(await store.letterFates.count({ kind: "filter", filter })).toBe(1);
    });

    test("whatever is asked for, the count is that of the letters that are listed", async () => {
      const { store } = instances;
      const header = { name: "event-id", value: "event-1" };
      await store.deadLetters.add(
        deadLetters(12_000).map((letter) => ({
          ...letter,
          dlqTopic: letter.dlqOffset % 2 === 0 ? "a-dlq" : "b-dlq",
          errorType: `E${letter.dlqOffset % 3}`,
        })),
      );
      await store.letterFates.move({ kind: "filter", filter: { errorType: "E1" } }, ["open"], "discarded");
      for (const filter of [
        {},
        { errorType: "E2" },
        { state: "discarded" as const },
        { text: "ord-7" },
        { header },
        { header: { name: "event-id", value: "event-2" } },
        { header, text: "ord-11", dlqTopics: ["b-dlq"], state: "open" as const },
        { orderId: "ORD-9", untilMs: 8001 },
        { dlqTopics: ["", "a-dlq"] },
      ]) {
        const listed = await store.deadLetters.list({ filter, limit: 20_000 });
        expect(await store.letterFates.countMatching(filter, () => true)).toEqual({
          count: listed.length,
          isExact: true,
        });
      }
      const slow = await store.letterFates.countMatching({ text: "ord-" }, () => false);
      expect(slow).toEqual({ count: 10_000, isExact: false });
    }, 30_000);

    test("a search through very many letters fills its pages exactly", async () => {
      const { store } = instances;
      const letters = deadLetters(25_000);
      await store.deadLetters.add(letters);
      const search = async (page: object) =>
        (await store.deadLetters.list({ filter: { text: "ord-1999" }, limit: 5, ...page })).map(
          ({ dlqOffset }) => dlqOffset,
        );
      expect(await search({})).toEqual([1999, 19_990, 19_991, 19_992, 19_993]);
      expect(await search({ offset: 1, limit: 2 })).toEqual([19_990, 19_991]);
      expect(await search({ offset: 9 })).toEqual([19_998, 19_999]);
      expect(await search({ after: { ...deadLetter(0), dlqOffset: 19_996 } })).toEqual([
        19_997, 19_998, 19_999,
      ]);
      expect(await search({ offset: 11 })).toEqual([]);
      expect(await store.deadLetters.count()).toEqual(counted({ RETRY_THEN_DLQ: 25_000 }));
    }, 30_000);

    test("counts are exact by DLQ topic and category, and survive copies", async () => {
      const { store, neighbour } = instances;
      expect(await store.deadLetters.count()).toEqual([]);
      const letters = deadLetters(90).map((letter) => ({
        ...letter,
        death: {
          category: letter.dlqOffset % 3 === 0 ? ("NO_RETRY_DLQ" as const) : ("RETRY_THEN_DLQ" as const),
          reason: "x",
        },
        dlqTopic: letter.dlqOffset < 45 ? "order-events-dlq" : "recovererDLQ",
      }));
      await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          (index % 2 === 0 ? store : neighbour).deadLetters.add(letters.slice(index * 5, index * 5 + 40)),
        ),
      );
      await store.deadLetters.add(letters);
      expect(await neighbour.deadLetters.count()).toEqual([
        ...counted({ NO_RETRY_DLQ: 15, RETRY_THEN_DLQ: 30 }),
        ...counted({ NO_RETRY_DLQ: 15, RETRY_THEN_DLQ: 30 }, "recovererDLQ"),
      ]);
    });

    test("cleared it knows nothing, and can be fed anew", async () => {
      const { store, neighbour } = instances;
      await store.deadLetters.add(deadLetters(5));
      await neighbour.deadLetters.clear();
      expect(await store.deadLetters.list({ filter: {}, limit: 9 })).toEqual([]);
      expect(await store.deadLetters.count()).toEqual([]);
      expect(await store.deadLetters.get("order-events/0/1")).toBeUndefined();
      await store.deadLetters.add(deadLetters(3));
      expect(await neighbour.deadLetters.count()).toEqual(counted({ RETRY_THEN_DLQ: 3 }));
    });

    test("adding nothing is done, and an id that nobody has is not found", async () => {
      const { store } = instances;
      await store.deadLetters.add([]);
      for (const id of ["", "\0", "\ud800", "x".repeat(100_000)]) {
        expect(await store.deadLetters.get(id)).toBeUndefined();
      }
    });
  });
}
