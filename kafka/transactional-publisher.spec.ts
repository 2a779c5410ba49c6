// What the transactional publisher promises on any cluster, and, where the cluster tells committed records from others,
// what its readers see. Run by transactional-publisher.test.ts on the embedded cluster and by transactional-publisher.real.test.ts on
// Apache Kafka.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import {
  type TestCluster,
  committed,
  openTestTransactionalPublisher,
  openTransaction,
  outgoing,
  readBack,
  readValues,
} from "./client-fixtures.ts";
import type { RecordHeader } from "./record.ts";
import type { TransactionalPublisher, TransactionalPublisherOptions } from "./transactional-publisher.ts";

const timeoutMs = 30_000;

export interface TransactionalCluster {
  /** The embedded cluster fences nobody and shows aborted records. */
  readonly isolates: boolean;
}

export function describeTransactionalPublisher(
  name: string,
  openCluster: () => TestCluster,
  { isolates }: TransactionalCluster,
): void {
  describe(`the transactional publisher on ${name}`, () => {
    let cluster: TestCluster;
    const toClose: { close(): Promise<unknown> }[] = [];
    beforeAll(() => {
      cluster = openCluster();
    });
    afterEach(async () => {
      for (const part of toClose.splice(0).toReversed()) await part.close();
    });
    afterAll(() => cluster.close());

    async function open(
      id: string = randomUUID(),
      options: Partial<TransactionalPublisherOptions> = {},
    ): Promise<TransactionalPublisher> {
      const publisher = await openTestTransactionalPublisher(cluster, id, options);
      toClose.push(publisher);
      return publisher;
    }

    async function openInitialised(id: string = randomUUID()): Promise<TransactionalPublisher> {
      const publisher = await open(id);
      expect(await publisher.init()).toEqual({ ok: true });
      return publisher;
    }

    test(
      "a batch is answered with the place of each record, and a reader finds it there",
      async () => {
        const topic = await cluster.createTopic(3);
        const publisher = await openInitialised();
        const records = Array.from({ length: 500 }, (_, n) => outgoing(topic, `key-${n}`, String(n)));
        const places = committed(await publisher.publishAll(records));
        const read = await readBack(cluster, topic);
        expect(read.outcome.ok).toBe(true);
        expect(read.records.length).toBe(500);
        for (const { partition, offset, value } of read.records) {
          expect(places[Number(value)]).toEqual({ partition, offset });
        }
      },
      timeoutMs,
    );

    test(
      "records of one partition are in the order of the call, and of the calls",
      async () => {
        const topic = await cluster.createTopic(1);
        const publisher = await openInitialised();
        const batches = Array.from({ length: 5 }, (_, batch) =>
          Array.from({ length: 200 }, (_, n) => outgoing(topic, `key-${n}`, String(batch * 200 + n))),
        );
        const outcomes = await Promise.all(batches.map((batch) => publisher.publishAll(batch)));
        outcomes.forEach(committed);
        expect(await readValues(cluster, topic)).toEqual(Array.from({ length: 1_000 }, (_, n) => String(n)));
      },
      timeoutMs,
    );

    test(
      "key, value and headers arrive as the bytes they were",
      async () => {
        const topic = await cluster.createTopic(1);
        const publisher = await openInitialised();
        const headers: readonly RecordHeader[] = [
          ["event-id", Buffer.from([0, 255, 128])],
          ["outbox", Buffer.from("a/1")],
          ["outbox", Buffer.from("a/2")],
        ];
        committed(await publisher.publishAll([outgoing(topic, "key", Buffer.from([0, 1, 2]), headers)]));
        const { records } = await readBack(cluster, topic);
        expect(records[0]?.headers).toEqual(headers);
        expect(records[0]?.value).toEqual(Buffer.from([0, 1, 2]));
      },
      timeoutMs,
    );

    test(
      "nothing is published before init has succeeded, and nothing is needed for no records",
      async () => {
        const topic = await cluster.createTopic(1);
        const publisher = await open();
        expect(publisher.initialised).toBe(false);
        expect(await publisher.publishAll([outgoing(topic, "k")])).toMatchObject({
          ok: false,
          failure: { kind: "fenced" },
        });
        expect(await publisher.publishAll([])).toEqual({ ok: true, value: [] });
        expect(await readValues(cluster, topic)).toEqual([]);
      },
      timeoutMs,
    );

    test(
      "a record that is too large is refused by its place in the batch, and others are published afterwards",
      async () => {
        const topic = await cluster.createTopic(1);
        const publisher = await openInitialised();
        const outcome = await publisher.publishAll([
          outgoing(topic, "a"),
          outgoing(topic, "b", Buffer.alloc(2_000_000)),
          outgoing(topic, "c"),
        ]);
        expect(outcome).toMatchObject({ ok: false, failure: { kind: "refused", index: 1, code: 10 } });
        committed(await publisher.publishAll([outgoing(topic, "a"), outgoing(topic, "c")]));
        if (isolates) expect(await readValues(cluster, topic)).toEqual(["a", "c"]);
      },
      timeoutMs,
    );

    test(
      "a record for a topic that does not exist is refused by its place in the batch",
      async () => {
        const topic = await cluster.createTopic(1);
        const publisher = await openInitialised();
        const outcome = await publisher.publishAll([
          outgoing(topic, "a"),
          outgoing(topic, "b"),
          outgoing(`none-${randomUUID()}`, "c"),
        ]);
        expect(outcome).toMatchObject({ ok: false, failure: { kind: "refused", index: 2 } });
        committed(await publisher.publishAll([outgoing(topic, "d")]));
        if (isolates) expect(await readValues(cluster, topic)).toEqual(["d"]);
      },
      timeoutMs,
    );

    test(
      "init can be called again, and publishing goes on",
      async () => {
        const topic = await cluster.createTopic(1);
        const publisher = await openInitialised();
        committed(await publisher.publishAll([outgoing(topic, "a")]));
        expect(await publisher.init()).toEqual({ ok: true });
        committed(await publisher.publishAll([outgoing(topic, "b")]));
        expect(await readValues(cluster, topic)).toEqual(["a", "b"]);
      },
      timeoutMs,
    );

    test(
      "closing takes nothing more and answers what was asked before",
      async () => {
        const topic = await cluster.createTopic(1);
        const publisher = await openInitialised();
        const asked = publisher.publishAll(
          Array.from({ length: 2_000 }, (_, n) => outgoing(topic, "k", String(n))),
        );
        await publisher.close();
        const outcome = await asked;
        if (!outcome.ok) expect(outcome.failure.kind).toBe("unavailable");
        if (isolates) expect((await readValues(cluster, topic)).length).toBe(outcome.ok ? 2_000 : 0);
        expect(await publisher.publishAll([outgoing(topic, "late")])).toMatchObject({ ok: false });
        expect(await publisher.init()).toMatchObject({ ok: false, failure: { kind: "unavailable" } });
        await publisher.close();
      },
      timeoutMs,
    );

    if (!isolates) return;

    test(
      "of a batch that the broker refuses for its size, the record that is too large alone is named, if there is one",
      async () => {
        if (cluster.createNarrowTopic === undefined) return;
        const topic = await cluster.createNarrowTopic(3_000);
        const publisher = await openInitialised();
        const small = Array.from({ length: 5 }, () => outgoing(topic, "small", randomBytes(1_000)));
        const large = outgoing(topic, "large", randomBytes(5_000));
        for (let round = 0; round < 2; round++) {
          expect(await publisher.publishAll([...small, large, ...small])).toMatchObject({
            ok: false,
            failure: { kind: "refused", code: 10, index: 5 },
          });
          expect(committed(await publisher.publishAll(small)).length).toBe(5);
        }
        expect((await readValues(cluster, topic)).length).toBe(10);
      },
      timeoutMs,
    );

    test(
      "records are visible when they are committed, all at once, and not before",
      async () => {
        const topic = await cluster.createTopic(2);
        const records = Array.from({ length: 100 }, (_, n) => outgoing(topic, `key-${n}`));
        const client = await openTransaction(cluster, randomUUID(), records);
        toClose.push(client);
        // The end of the topic is above the open transaction, so the reader waits for it.
        const waiting = await readBack(cluster, topic, { deadlineMs: 1_000 });
        expect(waiting.outcome).toMatchObject({ ok: false, failure: { kind: "unavailable" } });
        expect(waiting.records).toEqual([]);
        expect(await client.commit(performance.now() + 10_000)).toBeNull();
        expect((await readValues(cluster, topic)).length).toBe(100);
      },
      timeoutMs,
    );

    test(
      "a second publisher with the same id fences the first, and the first's open transaction is aborted",
      async () => {
        const topic = await cluster.createTopic(1);
        const id = randomUUID();
        const first = await openTransaction(cluster, id, [outgoing(topic, "of the first")]);
        toClose.push(first);
        const second = await openInitialised(id);
        committed(await second.publishAll([outgoing(topic, "of the second")]));
        expect(await first.commit(performance.now() + 10_000)).toMatchObject({ code: -144 });
        expect(await readValues(cluster, topic)).toEqual(["of the second"]);
      },
      timeoutMs,
    );

    test(
      "a fenced publisher says so, does not take the id back by itself, and can by init",
      async () => {
        const topic = await cluster.createTopic(1);
        const id = randomUUID();
        const first = await openInitialised(id);
        committed(await first.publishAll([outgoing(topic, "a")]));
        const second = await openInitialised(id);
        for (const attempt of ["b", "c"]) {
          expect(await first.publishAll([outgoing(topic, attempt)])).toMatchObject({
            ok: false,
            failure: { kind: "fenced" },
          });
          expect(first.initialised).toBe(false);
        }
        committed(await second.publishAll([outgoing(topic, "d")]));
        expect(await first.init()).toEqual({ ok: true });
        committed(await first.publishAll([outgoing(topic, "e")]));
        expect(await second.publishAll([outgoing(topic, "f")])).toMatchObject({
          ok: false,
          failure: { kind: "fenced" },
        });
        expect(await readValues(cluster, topic)).toEqual(["a", "d", "e"]);
      },
      timeoutMs,
    );

    test(
      "of a publisher whose process is killed before its commit nothing is visible once its successor is initialised",
      async () => {
        const topic = await cluster.createTopic(1);
        const id = randomUUID();
        const fixtures = JSON.stringify(join(import.meta.dirname, "client-fixtures.ts"));
        const script = `
          const { openTransaction, outgoing } = await import(${fixtures});
          const [brokers, topic, id] = process.argv.slice(1);
          await openTransaction({ brokers }, id, [outgoing(topic, "a"), outgoing(topic, "b")]);
          process.stdout.write("open");
          setInterval(() => undefined, 1_000);`;
        const child = Bun.spawn([process.execPath, "-e", script, cluster.brokers, topic, id], {
          stdout: "pipe",
          stderr: "inherit",
        });
        const { value } = await child.stdout.getReader().read();
        expect(new TextDecoder().decode(value)).toBe("open");
        child.kill("SIGKILL");
        await child.exited;
        const successor = await openInitialised(id);
        // Nothing is waited for: what the dead one left open is resolved.
        expect(await readValues(cluster, topic)).toEqual([]);
        committed(await successor.publishAll([outgoing(topic, "c")]));
        expect(await readValues(cluster, topic)).toEqual(["c"]);
      },
      timeoutMs,
    );

    test(
      "publishers that keep taking the id from each other, and read before they go on, publish each record once and in order",
      async () => {
        const topic = await cluster.createTopic(1);
        const id = randomUUID();
        const fencings = [0, 0];
        // They go on until it has happened often enough, however fast they are.
        const isEnough = (published: number) => published >= 400 && Math.max(...fencings) > 2;
        const work = fencings.map(async (_, instance) => {
          const publisher = await open(id);
          for (;;) {
            if (!(await publisher.init()).ok) continue;
            // What every publisher before this one has published.
            let next = Number((await readValues(cluster, topic)).at(-1) ?? -1) + 1;
            if (isEnough(next)) return;
            for (let batch = 0; !isEnough(next) && (batch < 8 || instance === 1); batch++) {
              const size = 1 + (next % 5);
              const records = Array.from({ length: size }, (_, n) => outgoing(topic, "k", String(next + n)));
              const outcome = await publisher.publishAll(records);
              if (outcome.ok) next += size;
              else if (outcome.failure.kind === "unavailable") continue;
              else {
                fencings[instance] = (fencings[instance] ?? 0) + 1;
                break;
              }
            }
          }
        });
        await Promise.all(work);
        const published = await readValues(cluster, topic);
        expect(published).toEqual(Array.from({ length: published.length }, (_, n) => String(n)));
      },
      timeoutMs,
    );

    test(
      "a transaction that takes longer than its time-out is aborted by the broker, and its publisher is fenced",
      async () => {
        const topic = await cluster.createTopic(1);
        const first = await openTransaction(cluster, randomUUID(), [outgoing(topic, "slow")], {
          "transaction.timeout.ms": 1_000,
        });
        toClose.push(first);
        const other = await openInitialised();
        committed(await other.publishAll([outgoing(topic, "above it")]));
        expect(await readValues(cluster, topic)).toEqual(["above it"]);
        expect(await first.commit(performance.now() + 10_000)).toMatchObject({ code: -144 });
      },
      timeoutMs,
    );
  });
}
