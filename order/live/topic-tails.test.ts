import { describe, expect, test } from "bun:test";
import type { TailEvent } from "../../contract/topics.ts";
import type { Told } from "../../contract/streams.ts";
import type { OpenTailOutcome, TailTopicOptions } from "../../kafka/tail-topic.ts";
import type { KafkaRecord } from "../../kafka/record.ts";
import { createTestClock } from "../../service/test-clock.ts";
import { createTopicTails } from "./topic-tails.ts";

type Opened = Pick<TailTopicOptions, "topic" | "onRecords" | "onPassedOver" | "onFailed">;

function createStage() {
  const clock = createTestClock();
  const opened: Opened[] = [];
  const closed: string[] = [];
  let outcome: "well" | "refused" | "away" = "well";
  let lives = 0;
  const tails = createTopicTails({
    async openTail(options): Promise<OpenTailOutcome> {
      if (outcome !== "well") {
        const kind = outcome === "refused" ? "refused" : "unavailable";
        return { ok: false, failure: { kind, code: 3, message: "no such topic" } };
      }
      opened.push(options);
      return { ok: true, value: { close: async () => void closed.push(options.topic) } };
    },
    tell: async ({ partition, offset }) => ({
      partition,
      offset,
      at: null,
      key: null,
      sizeBytes: 0,
      value: { kind: "tombstone" },
      headers: [],
    }),
    clock,
    newLife: () => `life${(lives += 1)}`,
  });
  return {
    clock,
    tails,
    opened,
    closed,
    become(next: typeof outcome) {
      outcome = next;
    },
    async read(topic: string, lastEventId?: string) {
      const abort = new AbortController();
      const stream = await tails.open(topic, { lastEventId, signal: abort.signal });
      if (!stream.ok) throw new Error(stream.failure.message);
      const told: Told<TailEvent>[] = [];
      const ended = (async () => {
        for await (const event of stream.value) told.push(event);
      })();
      await Bun.sleep(0);
      return { told, abort, ended };
    },
    async write(offset: number) {
      const record: KafkaRecord = {
        topic: "t",
        partition: 0,
        offset,
        timestampMs: null,
        key: null,
        value: null,
        headers: [],
      };
      await opened.at(-1)?.onRecords([record]);
      await Bun.sleep(0);
    },
  };
}

const offsetsOf = (told: readonly Told<TailEvent>[]) =>
  told.map(({ event }) => (event.kind === "record" ? event.record.offset : event.kind));

describe("tails of topics", () => {
  test("all who look at a topic share one reader, and each sees every record", async () => {
    const stage = createStage();
    const first = await stage.read("t");
    await stage.write(1);
    const second = await stage.read("t");
    await stage.write(2);
    expect(stage.opened).toHaveLength(1);
    expect([offsetsOf(first.told), offsetsOf(second.told)]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    await stage.tails.close();
  });

  test("who comes back within some seconds goes on where it was, and misses nothing", async () => {
    const stage = createStage();
    const first = await stage.read("t");
    await stage.write(1);
    first.abort.abort();
    await first.ended;
    await stage.write(2);
    stage.clock.advance(5000);
    const again = await stage.read("t", first.told.at(-1)?.id);
    await stage.write(3);
    expect(offsetsOf(again.told)).toEqual([2, 3]);
    await stage.tails.close();
  });

  test("the reader is closed some seconds after the last who looked has gone, or when nobody ever read", async () => {
    const stage = createStage();
    const first = await stage.read("t");
    stage.clock.advance(60_000);
    expect(stage.closed).toEqual([]);
    first.abort.abort();
    await first.ended;
    stage.clock.advance(9000);
    await Bun.sleep(0);
    expect(stage.closed).toEqual(["t"]);
    await stage.tails.open("u", { lastEventId: undefined, signal: new AbortController().signal });
    stage.clock.advance(9000);
    await Bun.sleep(0);
    expect(stage.closed).toEqual(["t", "u"]);
  });

  test("what the reader passes over is told, and its end ends all who look", async () => {
    const stage = createStage();
    const reader = await stage.read("t");
    stage.opened[0]?.onPassedOver(120);
    await Bun.sleep(0);
    expect(reader.told.map(({ event }) => event)).toEqual([{ kind: "missed", count: 120 }]);
    stage.opened[0]?.onFailed({ kind: "unavailable", code: -150, message: "fatal" });
    await reader.ended;
    const again = await stage.read("t", reader.told.at(-1)?.id);
    expect(again.told[0]?.event).toEqual({ kind: "missed", count: null });
    expect(stage.opened).toHaveLength(2);
    await stage.tails.close();
  });

  test("a few topics at once and no more; one that cannot be read says why, and is tried again", async () => {
    const stage = createStage();
    for (const topic of ["a", "b", "c", "d"]) await stage.read(topic);
    const signal = new AbortController().signal;
    const refused = await stage.tails.open("e", { lastEventId: undefined, signal });
    expect(refused).toMatchObject({ ok: false, failure: { code: "too_many_requests" } });
    await stage.tails.close();
    const other = createStage();
    for (const outcome of ["refused", "away"] as const) {
      other.become(outcome);
      const answer = await other.tails.open("t", { lastEventId: undefined, signal });
      expect(answer).toMatchObject({ ok: false, failure: { code: "unavailable" } });
    }
    other.become("well");
    expect((await other.read("t")).told).toEqual([]);
    await other.tails.close();
  });

  test("closing ends every stream and every reader", async () => {
    const stage = createStage();
    const readers = [await stage.read("a"), await stage.read("b")];
    await stage.tails.close();
    await Promise.all(readers.map(({ ended }) => ended));
    expect(stage.closed.toSorted()).toEqual(["a", "b"]);
    const late = await stage.tails.open("a", {
      lastEventId: undefined,
      signal: new AbortController().signal,
    });
    expect(late.ok).toBe(false);
  });
});
