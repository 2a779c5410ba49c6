// A bad night put right from the outside: a burst of failures is found as one kind, tried dry, replayed with a canary, and
// proven. What others see of it, and what happens when it is ordered twice, cancelled or forged.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { runDlq } from "../../cli/dlq.ts";
import { createOrderClient, type OrderClient } from "../../contract/client.ts";
import { readContractError } from "../../contract/client-error.ts";
import type { ReplayJob, StartReplay } from "../../contract/replays.ts";
import { lineageNames } from "../../order/replays/domain/lineage.ts";
import { replayTopicOf } from "../../service/settings/topic-names.ts";
import { openEventWriter } from "./event-writer.ts";
import { eventually } from "./eventually.ts";
import { callHttp } from "./http-call.ts";
import type { OpenProduct } from "./open-product.ts";
import { openRawProducer } from "./raw-producer.ts";
import { readTopic } from "./read-topic.ts";

export function describeReplays(name: string, prefix: string, open: () => Promise<OpenProduct>): void {
  describe(name, () => {
    let product: OpenProduct;
    let client: OrderClient;
    const id = (text: string) => `${prefix}${text}`;

    const create = (system: "A" | "B", orderId: string) =>
      system === "A"
        ? callHttp("POST", `${product.cartUrl}/api/create-order`, { orderId, numItems: 2 })
        : callHttp("POST", `${product.cartUrl}/create-order`, { orderId, itemsCount: 2 });
    const update = (system: "A" | "B", orderId: string, status: string) =>
      callHttp("PUT", `${product.cartUrl}${system === "A" ? "/api/update-order" : "/update-order"}`, {
        orderId,
        status,
      });
    const statusOf = async (orderId: string) => {
      const { body } = await callHttp<{ status?: string }>(
        "GET",
        `${product.orderUrl}/order-details?orderId=${orderId}`,
      );
      return body.status;
    };
    const untilCreated = (orderId: string) =>
      eventually(async () => expect(await statusOf(orderId)).toBe("new"));
    const lettersOf = async (text: string) =>
      (await client.dlq.list.query({ limit: 1000, text: id(text) })).deadLetters;
    const untilLetters = (text: string, count: number) =>
      eventually(async () => {
        const letters = await lettersOf(text);
        expect(letters).toHaveLength(count);
        return letters;
      });
    const start = (scope: StartReplay["scope"], more: Partial<StartReplay> = {}) =>
      client.replays.start.mutate({ scope, name: "the suite's", reason: "the creates are there", ...more });
    const untilJob = (jobId: string, check: (job: ReplayJob) => void) =>
      eventually(async () => {
        const job = await client.replays.get.query({ id: jobId });
        check(job);
        return job;
      });
    const untilEnded = (jobId: string) => untilJob(jobId, ({ endedAt }) => expect(endedAt).not.toBeNull());
    /** Updates of system A that came before their orders, which are there now. */
    const failEarly = async (text: string, count: number) => {
      const orderIds = Array.from({ length: count }, (_, index) => id(`${text}-${index}`));
      await Promise.all(orderIds.map((orderId) => update("A", orderId, "shipped")));
      await untilLetters(text, count);
      await Promise.all(orderIds.map((orderId) => create("A", orderId)));
      await Promise.all(orderIds.map(untilCreated));
      return orderIds;
    };

    beforeAll(async () => {
      product = await open();
      client = createOrderClient(product.orderUrl);
    }, 60_000);
    afterAll(async () => {
      await product.close();
    }, 30_000);

    test("a burst of failures is one group, is tried dry, goes one first, then the rest, and is proven by the audit", async () => {
      const orderIds = Array.from({ length: 6 }, (_, index) => id(`BURST-${index}`));
      await Promise.all(orderIds.map((orderId) => update("A", orderId, "shipped")));
      const [letter] = await untilLetters("BURST", 6);
      const fingerprint = letter?.fingerprint ?? "";
      const { groups } = await client.dlq.groups.query();
      expect(groups.find((group) => group.fingerprint === fingerprint)).toMatchObject({
        pattern: "Order <id> not found. Cannot update status. Sending to DLQ.",
        errorType: "ValueError",
        reason: "unknown_order",
        byState: { open: 6 },
      });
      const scope = { filter: { fingerprint, text: id("BURST") } };
      expect(await client.replays.preview.query({ scope })).toMatchObject({
        total: 6,
        examined: 6,
        counts: { would_fail: 6, would_apply: 0 },
        failures: [{ reason: "unknown_order", count: 6 }],
      });
      await Promise.all(orderIds.map((orderId) => create("A", orderId)));
      await Promise.all(orderIds.map(untilCreated));
      expect(await client.replays.preview.query({ scope })).toMatchObject({ counts: { would_apply: 6 } });

      const started = await start(scope, { canary: 1 });
      expect(started).toMatchObject({ total: 6, state: "running" });
      const canary = await untilJob(started.id, ({ state }) => expect(state).toBe("paused"));
      expect(canary).toMatchObject({ pauseCause: "canary", counts: { applied: 1 }, left: 5 });
      const statuses = await Promise.all(orderIds.map(statusOf));
      expect(statuses.filter((status) => status === "shipped")).toHaveLength(1);

      await client.replays.resume.mutate({ id: started.id, reason: "the first one is well" });
      const ended = await untilEnded(started.id);
      expect(ended).toMatchObject({ state: "done", counts: { applied: 6 }, left: 0 });
      expect(await Promise.all(orderIds.map(statusOf))).toEqual(orderIds.map(() => "shipped"));
      expect((await lettersOf("BURST")).map(({ state, replays }) => [state, replays])).toEqual(
        orderIds.map(() => ["resolved", 1]),
      );
      const { entries } = await client.audit.list.query({ limit: 50 });
      const own = entries.filter(({ target }) => target["job"] === started.id);
      expect(own.map(({ action, result }) => [action, result])).toEqual([
        ["replays.resume", "The replay is running"],
        ["replays.start", expect.stringContaining("Done: of 6 dead letters 6 applied")],
      ]);
      expect(own.at(-1)).toMatchObject({
        reason: "the creates are there",
        target: { matching: 6, fingerprint },
      });

      const again = await start(scope);
      expect(again).toMatchObject({ total: 0, state: "done", left: 0 });
    }, 60_000);

    test("a replay is the exact bytes on a topic of its own: no other group on the original topics sees anything", async () => {
      const [orderId = ""] = await failEarly("EXACT", 1);
      const { brokers, consumerSettings } = product.parts;
      const source = { brokers, consumerSettings };
      const { orders, statusUpdates } = product.topics;
      const readInOrder = async (topic: string) =>
        (await readTopic(source, topic)).toSorted(
          (left, right) => left.partition - right.partition || left.offset - right.offset,
        );
      const readOriginals = async () => [await readInOrder(orders), await readInOrder(statusUpdates)];
      const before = await readOriginals();
      const [letter] = await lettersOf("EXACT");
      await untilEnded((await start({ ids: [letter?.id ?? ""] })).id);
      expect(await statusOf(orderId)).toBe("shipped");
      expect(await readOriginals()).toEqual(before);
      const original = before[1]?.find(({ key }) => key?.toString() === orderId);
      const replays = await readTopic(source, replayTopicOf(product.settings));
      const replay = replays.find(({ key }) => key?.toString() === orderId);
      expect(replay?.value).toEqual(original?.value ?? null);
      expect(replay?.headers.slice(0, original?.headers.length)).toEqual([...(original?.headers ?? [])]);
      expect(replay?.headers.at(-lineageNames.length)).toEqual([
        "orderwire-replay-of",
        Buffer.from(letter?.id ?? ""),
      ]);
    }, 60_000);

    test("ordered twice it is one job, and two operators at once have each letter once", async () => {
      await failEarly("TWICE", 8);
      const scope = { filter: { text: id("TWICE") } };
      const requestId = id("double-click");
      const clicks = await Promise.all([
        start(scope, { requestId }),
        start(scope, { requestId }),
        start(scope),
      ]);
      expect(clicks[0]?.id).toBe(clicks[1]?.id ?? "");
      expect((clicks[0]?.total ?? 0) + (clicks[2]?.total ?? 0)).toBe(8);
      const ended = await Promise.all([untilEnded(clicks[0]?.id ?? ""), untilEnded(clicks[2]?.id ?? "")]);
      expect(ended.reduce((sum, { counts }) => sum + counts.applied, 0)).toBe(8);
    }, 60_000);

    test("what fails again is the same letter, open, with its later failure; what a later update has overtaken is stale, and a create has not", async () => {
      await create("B", id("AGAIN"));
      await untilCreated(id("AGAIN"));
      await create("B", id("AGAIN"));
      const [duplicate] = await untilLetters("AGAIN", 1);
      await update("B", id("OLD"), "shipped");
      const [old] = await untilLetters("OLD", 1);
      await create("B", id("OLD"));
      await untilCreated(id("OLD"));
      await update("B", id("OLD"), "delivered");
      await eventually(async () => expect(await statusOf(id("OLD"))).toBe("delivered"));
      await update("B", id("EARLY"), "shipped");
      const [early] = await untilLetters("EARLY", 1);
      await create("B", id("EARLY"));
      await untilCreated(id("EARLY"));

      const scope = { ids: [duplicate, old, early].map((letter) => letter?.id ?? "") };
      expect(await client.replays.preview.query({ scope })).toMatchObject({
        counts: { would_fail: 1, stale: 1, would_apply: 1 },
      });
      const job = await start(scope);
      const ended = await untilEnded(job.id);
      expect(ended).toMatchObject({ counts: { failed: 1, stale: 1, applied: 1 }, left: 0 });
      expect(await statusOf(id("OLD"))).toBe("delivered");
      expect(await statusOf(id("EARLY"))).toBe("shipped");
      const { items } = await client.replays.items.query({ id: job.id, state: "failed" });
      expect(items).toMatchObject([
        { deadLetterId: duplicate?.id, failure: { reason: "duplicate_create", errorType: "DuplicateOrder" } },
      ]);
      const later = await eventually(async () => {
        const letters = await lettersOf("AGAIN");
        expect(letters).toHaveLength(1);
        expect(letters[0]?.lastFailureAt).not.toBe(duplicate?.lastFailureAt ?? "");
        return letters[0];
      });
      expect(later).toMatchObject({
        id: duplicate?.id,
        state: "open",
        replays: 1,
        firstFailureAt: duplicate?.firstFailureAt,
        consumerGroup: duplicate?.consumerGroup,
        originalValue: duplicate?.originalValue,
      });
      expect((await lettersOf("OLD"))[0]).toMatchObject({ state: "resolved" });
    }, 60_000);

    test("cancelled half-way, what is done and what is left add up, and the rest can be replayed", async () => {
      await failEarly("CANCEL", 60);
      const scope = { filter: { text: id("CANCEL") } };
      const job = await start(scope, { ratePerSecond: 20 });
      await untilJob(job.id, ({ counts }) => expect(counts.applied).toBeGreaterThan(5));
      await client.replays.cancel.mutate({ id: job.id, reason: "enough" });
      const ended = await untilEnded(job.id);
      expect(ended.state).toBe("cancelled");
      expect(ended.counts.skipped).toBeGreaterThan(0);
      expect(ended.counts.applied + ended.counts.skipped).toBe(60);
      const rest = await start(scope);
      expect(rest.total).toBe(ended.counts.skipped);
      expect((await untilEnded(rest.id)).counts.applied).toBe(rest.total);
    }, 60_000);

    test("a replay of which too many fail stops itself before it has made more of it, and goes on when it is resumed", async () => {
      const orderIds = Array.from({ length: 120 }, (_, index) => id(`STOP-${index}`));
      await Promise.all(orderIds.map((orderId) => update("B", orderId, "shipped")));
      await untilLetters("STOP", orderIds.length);
      const job = await start({ filter: { text: id("STOP") } }, { ratePerSecond: 40 });
      const stopped = await untilJob(job.id, ({ state }) => expect(state).toBe("paused"));
      expect(stopped.pauseCause).toBe("failures");
      expect(stopped.counts.failed).toBeGreaterThanOrEqual(20);
      expect(stopped.left).toBeGreaterThan(0);
      await Promise.all(orderIds.map((orderId) => create("B", orderId)));
      await Promise.all(orderIds.map(untilCreated));
      await client.replays.resume.mutate({ id: job.id, reason: "the creates are there" });
      const ended = await eventually(async () => {
        const now = await client.replays.get.query({ id: job.id });
        expect(now.endedAt).not.toBeNull();
        return now;
      }, 20_000);
      expect(ended.counts.applied).toBeGreaterThan(0);
      expect(ended.counts.applied + ended.counts.failed).toBe(orderIds.length);
      expect(await client.dlq.count.query({ text: id("STOP"), state: "open" })).toEqual({
        count: ended.counts.failed,
        exact: true,
      });
    }, 60_000);

    test("letters are counted and replayed by a header of theirs", async () => {
      const orderId = id("HEADER-0");
      const writer = await openEventWriter(product.parts.registry, product.settings);
      const producer = await openRawProducer(product.parts.brokers);
      const key = Buffer.from(orderId);
      const value = writer.updateA(orderId, "shipped");
      const headers = [["source", Buffer.from(id("web"))]] as const;
      await producer.produce({ topic: product.topics.statusUpdates, key, value, headers });
      await producer.close();
      writer.close();
      await untilLetters("HEADER", 1);
      await create("A", orderId);
      await untilCreated(orderId);
      const filter = { header: `source=${id("web")}` };
      expect(await client.dlq.count.query(filter)).toEqual({ count: 1, exact: true });
      expect(await client.dlq.count.query({ header: `source=${id("we")}` })).toEqual({
        count: 0,
        exact: true,
      });
      expect((await client.dlq.list.query(filter)).deadLetters).toMatchObject([{ orderId }]);
      expect(await client.replays.preview.query({ scope: { filter } })).toMatchObject({
        counts: { would_apply: 1 },
      });
      expect(await untilEnded((await start({ filter })).id)).toMatchObject({
        total: 1,
        counts: { applied: 1 },
      });
    }, 60_000);

    test("discarded letters are left out of replays until they are restored", async () => {
      await failEarly("DISCARD", 3);
      const scope = { filter: { text: id("DISCARD") } };
      const command = { scope, reason: "nobody needs them" };
      expect(await client.dlq.discard.mutate(command)).toMatchObject({ count: 3 });
      expect(await start(scope)).toMatchObject({ total: 0 });
      expect(
        (await client.dlq.list.query({ state: "discarded", text: id("DISCARD") })).deadLetters,
      ).toHaveLength(3);
      expect(await client.dlq.restore.mutate(command)).toMatchObject({ count: 3 });
      expect(await untilEnded((await start(scope)).id)).toMatchObject({ counts: { applied: 3 } });
    }, 60_000);

    test("a forged replay has no effect and is a dead letter of its own", async () => {
      const [orderId = ""] = await failEarly("FORGED", 1);
      const { brokers, consumerSettings } = product.parts;
      const updates = await readTopic({ brokers, consumerSettings }, product.topics.statusUpdates);
      const original = updates.find(({ key }) => key?.toString() === orderId);
      const producer = await openRawProducer(brokers);
      const key = Buffer.from(orderId);
      const topic = replayTopicOf(product.settings);
      await producer.produce({
        topic,
        key,
        value: original?.value ?? null,
        headers: original?.headers ?? [],
      });
      await producer.close();
      await eventually(async () => {
        const { deadLetters } = await client.dlq.list.query({ orderId, reason: "forged_replay" });
        expect(deadLetters).toMatchObject([{ originalTopic: topic, state: "open" }]);
      });
      expect(await statusOf(orderId)).toBe("new");
    }, 60_000);

    test("an event that nobody can process is edited against its schema and replayed, with the diff in the audit", async () => {
      const orderId = id("EDITED");
      await create("A", orderId);
      await untilCreated(orderId);
      const writer = await openEventWriter(product.parts.registry, product.settings);
      const producer = await openRawProducer(product.parts.brokers);
      const value = writer.updateA(orderId, " ");
      await producer.produce({ topic: product.topics.statusUpdates, key: Buffer.from(orderId), value });
      await producer.close();
      writer.close();
      const letter = await eventually(async () => {
        const { deadLetters } = await client.dlq.list.query({ orderId });
        expect(deadLetters).toMatchObject([{ reason: "invalid_event", state: "open" }]);
        return deadLetters[0];
      });
      const letterId = letter?.id ?? "";
      const event = { orderId, updateTimestamp: "2026-03-02T09:30:00.000Z", eventType: "STATUS_UPDATE" };
      const edit = (edited: Record<string, unknown>) =>
        client.replays.startEdited.mutate({ id: letterId, event: edited, reason: "cart was wrong" });
      for (const wrong of [
        event,
        { ...event, status: 7 },
        { ...event, status: "shipped", more: true },
        { ...event, status: " " },
        { ...event, status: "shipped", orderId: id("SOMEBODY-ELSE") },
      ]) {
        const refused = await edit(wrong).catch((error: unknown) => readContractError(error));
        expect(refused).toMatchObject({ code: "invalid_request" });
      }
      const job = await edit({ ...event, status: "shipped" });
      expect(await untilEnded(job.id)).toMatchObject({ total: 1, counts: { applied: 1 } });
      expect(await statusOf(orderId)).toBe("shipped");
      expect((await client.dlq.get.query({ id: letterId })).state).toBe("superseded");
      const { entries } = await client.audit.list.query({ limit: 20 });
      expect(entries.find(({ action }) => action === "replays.startEdited")).toMatchObject({
        reason: "cart was wrong",
        target: { letter: letterId, diff: 'status: " " → "shipped"' },
        result: expect.stringContaining("Done: of 1 dead letters 1 applied"),
      });
    }, 60_000);

    test("a stream tells of a replay as it goes, until it has ended", async () => {
      await failEarly("STREAM", 20);
      const job = await start({ filter: { text: id("STREAM") } }, { ratePerSecond: 20 });
      const input = encodeURIComponent(JSON.stringify({ id: job.id }));
      const stream = await fetch(`${product.orderUrl}/trpc/replays.watch?input=${input}`);
      const text = await stream.text();
      const lefts = [...text.matchAll(/"left":(\d+)/g)].map(([, left]) => Number(left));
      expect(lefts.length).toBeGreaterThan(2);
      expect(lefts).toEqual(lefts.toSorted((left, right) => right - left));
      expect(lefts.at(-1)).toBe(0);
    }, 60_000);

    test("the same from a terminal alone: seen grouped, understood, tried dry, replayed, proven", async () => {
      const dlq = async (...words: string[]) => {
        const said: string[] = [];
        const terminal = {
          out: (text: string) => void said.push(text),
          tell: () => undefined,
          sleep: (ms: number) => Bun.sleep(ms),
        };
        return { code: await runDlq(words, client, terminal), text: said.join("\n") };
      };
      await failEarly("CLI", 4);
      const filter = ["--filter", `text=${id("CLI")}`];
      expect((await dlq("groups")).text).toContain(
        "Order <id> not found. Cannot update status. Sending to DLQ.",
      );
      const [letter] = await lettersOf("CLI");
      expect((await dlq("show", letter?.id ?? "")).text).toContain('"status": "shipped"');
      expect((await dlq("replay", ...filter, "--dry-run")).text).toContain("4 would be applied");
      const one = await dlq("replay", "--id", letter?.id ?? "", "--reason", "one first", "--wait");
      expect(one).toEqual({ code: 0, text: expect.stringContaining("The replay is done: 1 applied") });
      const rest = await dlq("replay", ...filter, "--reason", "the rest", "--rate", "1000", "--wait");
      expect(rest).toEqual({ code: 0, text: expect.stringContaining("The replay is done: 3 applied") });
      expect((await dlq("ls", ...filter, "--filter", "state=open")).text).toBe("No dead letter matches.");
      expect((await dlq("jobs")).text).toContain("by hand");
    }, 60_000);

    test("the same is ordered and followed over HTTP", async () => {
      await failEarly("HTTP", 2);
      const post = (path: string, body: unknown) =>
        callHttp<ReplayJob>("POST", `${product.orderUrl}${path}`, body);
      const scope = { filter: { text: id("HTTP") } };
      const preview = await post("/ops/replays/preview", { scope });
      expect(preview).toMatchObject({ status: 200, body: { total: 2, counts: { would_apply: 2 } } });
      const started = await post("/ops/replays/start", { scope, name: "by hand", reason: "over HTTP" });
      expect(started).toMatchObject({ status: 202, body: { total: 2 } });
      await eventually(async () => {
        const one = await callHttp("GET", `${product.orderUrl}/ops/replays/one?id=${started.body.id}`);
        expect(one.body).toMatchObject({ state: "done", counts: { applied: 2 } });
      });
      const items = await callHttp(
        "GET",
        `${product.orderUrl}/ops/replays/items?id=${started.body.id}&limit=1`,
      );
      expect(items.body).toMatchObject({ items: [{ number: 1, state: "applied" }], nextAfter: 1 });
      expect((await post("/ops/replays/pause", { id: crypto.randomUUID(), reason: "x" })).status).toBe(404);
    }, 60_000);
  });
}
