// System C's dead letters are replayed as those of A and B are: the same orders, the same account. What is their own is that a
// decision has its outcome when its partner has come, or has not.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { runDlq } from "../../cli/dlq.ts";
import { createOrderClient, type OrderClient } from "../../contract/client.ts";
import type { ReplayJob, StartReplay } from "../../contract/replays.ts";
import { lineageNames } from "../../order/replays/domain/lineage.ts";
import { sagaReplayTopicOf } from "../../service/settings/topic-names.ts";
import { eventually } from "./eventually.ts";
import type { OpenProduct } from "./open-product.ts";
import { readTopic } from "./read-topic.ts";
import { openSagaDesk, type SagaDesk } from "./saga-desk.ts";

export const sagaReplaySettings = {
  SAGA_JOIN_WINDOW: "PT2S",
  SAGA_PARTICIPANTS: "off",
  REPLAY_MAX_PER_LETTER: "2",
} as const;

export function describeSagaReplays(name: string, _prefix: string, open: () => Promise<OpenProduct>): void {
  describe(name, () => {
    let product: OpenProduct;
    let desk: SagaDesk;
    let client: OrderClient;

    beforeAll(async () => {
      product = await open();
      desk = await openSagaDesk(product);
      client = createOrderClient(product.orderUrl);
    }, 60_000);
    afterAll(async () => {
      await desk.close();
      await product.close();
    }, 30_000);

    const lettersOf = async (orderId: number) =>
      (
        await client.dlq.list.query({
          orderId: String(orderId),
          deadLetterTopic: product.settings.SAGA_DLQ_TOPIC,
        })
      ).deadLetters;
    const untilLetters = (orderId: number, ...reasons: readonly string[]) =>
      eventually(async () => {
        const letters = await lettersOf(orderId);
        expect(letters.map(({ reason, state }) => [reason, state])).toEqual(
          reasons.map((reason) => [reason, "open"]),
        );
        return letters;
      }, 15_000);
    const start = (scope: StartReplay["scope"], more: Partial<StartReplay> = {}) =>
      client.replays.start.mutate({ scope, name: "the suite's", reason: "the partner is there", ...more });
    const untilEnded = (jobId: string) =>
      eventually(async (): Promise<ReplayJob> => {
        const job = await client.replays.get.query({ id: jobId });
        expect(job.endedAt).not.toBeNull();
        return job;
      }, 15_000);
    const itemsOf = async (jobId: string) => (await client.replays.items.query({ id: jobId })).items;
    const statuses = (orderId: number) => desk.published(orderId).map(({ status }) => status);

    /** An order whose stock decision came a minute after payment's. */
    async function decideLate(): Promise<number> {
      const orderId = await desk.place();
      const nowMs = Date.now();
      await desk.decide("payment", orderId, "ACCEPT", { timestampMs: nowMs - 60_000 });
      await eventually(async () => {
        expect((await desk.saga(orderId)).payment).toMatchObject({ state: "pending" });
      });
      await desk.decide("stock", orderId, "ACCEPT", {
        timestampMs: nowMs,
        headers: [["trace", Buffer.from("t-1")]],
      });
      return orderId;
    }

    test("a late decision is tried dry, replayed with its exact bytes on a topic of order's own, and settles its order once", async () => {
      const orderId = await decideLate();
      const [late, early] = await untilLetters(orderId, "outside_window", "partner_missing");
      const scope = { ids: [late?.id ?? ""] };
      expect(await client.replays.preview.query({ scope })).toMatchObject({
        total: 1,
        counts: { would_apply: 1 },
      });
      const both = { filter: { orderId: String(orderId) } };
      expect(await client.replays.preview.query({ scope: both })).toMatchObject({
        counts: { would_apply: 1, already_applied: 1 },
      });
      const { brokers, consumerSettings } = product.parts;
      const read = (topic: string) => readTopic({ brokers, consumerSettings }, topic);
      const { payment, stock } = desk.topics;
      const readDecisions = async () =>
        (await Promise.all([read(payment), read(stock)])).map(({ length }) => length);
      const before = await readDecisions();

      const requestId = `double-click-${orderId}`;
      const clicks = await Promise.all([start(scope, { requestId }), start(scope, { requestId })]);
      expect(clicks[0]?.id).toBe(clicks[1]?.id ?? "");
      expect(await untilEnded(clicks[0]?.id ?? "")).toMatchObject({
        total: 1,
        counts: { applied: 1 },
        left: 0,
      });
      await desk.untilResult(orderId);
      expect(statuses(orderId)).toEqual(["NEW", "CONFIRMED"]);
      expect(await desk.saga(orderId)).toMatchObject({ stock: { state: "joined", replayed: true } });
      expect(await client.dlq.get.query({ id: late?.id ?? "" })).toMatchObject({
        state: "resolved",
        replays: 1,
      });

      expect(await readDecisions()).toEqual(before);
      const original = (await read(stock)).find(({ key }) => key?.toString() === String(orderId));
      const replays = await read(sagaReplayTopicOf(product.settings));
      const replay = replays.find(({ key }) => key?.toString() === String(orderId));
      expect(replay?.value).toEqual(original?.value ?? null);
      expect(replay?.headers.slice(0, -lineageNames.length)).toEqual([...(original?.headers ?? [])]);
      expect(replay?.headers.at(-lineageNames.length)).toEqual([
        "orderwire-replay-of",
        Buffer.from(late?.id ?? ""),
      ]);

      const again = await untilEnded((await start({ ids: [early?.id ?? ""] })).id);
      expect(again).toMatchObject({ counts: { already_applied: 1 } });
      expect(statuses(orderId)).toEqual(["NEW", "CONFIRMED"]);
    }, 60_000);

    test("a replayed half waits for its partner, and is applied when that comes", async () => {
      const orderId = await desk.place();
      await desk.decide("payment", orderId, "ACCEPT");
      const [letter] = await untilLetters(orderId, "partner_missing");
      const scope = { ids: [letter?.id ?? ""] };
      expect(await client.replays.preview.query({ scope })).toMatchObject({
        counts: { would_fail: 1 },
        failures: [{ reason: "partner_missing" }],
      });
      const job = await start(scope);
      await eventually(async () => {
        expect((await desk.saga(orderId)).payment).toMatchObject({ state: "pending", replayed: true });
      });
      expect(await client.replays.get.query({ id: job.id })).toMatchObject({ endedAt: null, left: 1 });
      await desk.decide("stock", orderId, "REJECT");
      expect(await untilEnded(job.id)).toMatchObject({ counts: { applied: 1 }, left: 0 });
      await desk.untilResult(orderId);
      expect(statuses(orderId)).toEqual(["NEW", "ROLLBACK"]);
    }, 60_000);

    test("a half whose partner still does not come fails again: the same letter, open, with its later failure", async () => {
      const orderId = await desk.place();
      await desk.decide("payment", orderId, "ACCEPT");
      const [letter] = await untilLetters(orderId, "partner_missing");
      const job = await start({ ids: [letter?.id ?? ""] });
      expect(await untilEnded(job.id)).toMatchObject({ counts: { failed: 1 }, left: 0 });
      expect(await itemsOf(job.id)).toMatchObject([
        { state: "failed", failure: { reason: "partner_missing", errorType: "PartnerMissing" } },
      ]);
      await eventually(async () => {
        const letters = await lettersOf(orderId);
        expect(letters).toMatchObject([
          { id: letter?.id, state: "open", replays: 1, consumerGroup: letter?.consumerGroup },
        ]);
        expect(letters[0]?.lastFailureAt).not.toBe(letter?.lastFailureAt ?? "");
      });
      await desk.decide("stock", orderId, "ACCEPT");
      await desk.untilResult(orderId);
      expect(statuses(orderId)).toEqual(["NEW", "CONFIRMED"]);
      const last = await untilEnded((await start({ ids: [letter?.id ?? ""] })).id);
      expect(last).toMatchObject({ counts: { already_applied: 1 } });
    }, 60_000);

    test("a contradiction and what is no decision fail again each time, and end in quarantine", async () => {
      const orderId = await desk.place();
      await desk.decide("payment", orderId, "ACCEPT");
      await desk.decide("payment", orderId, "REJECT");
      await desk.produce({
        topic: desk.topics.stock,
        key: null,
        value: Buffer.from(`no decision about ${orderId}`),
      });
      const contradiction = await eventually(async () => {
        const letter = (await lettersOf(orderId)).find(({ reason }) => reason === "contradictory_decision");
        if (letter === undefined) throw new Error("no contradiction");
        return letter;
      });
      const poison = await eventually(async () => {
        const { deadLetters } = await client.dlq.list.query({ reason: "undecodable" });
        expect(deadLetters).toHaveLength(1);
        return deadLetters[0];
      });
      const scope = { ids: [contradiction.id, poison?.id ?? ""] };
      expect(await client.replays.preview.query({ scope })).toMatchObject({ counts: { would_fail: 2 } });
      for (const force of [false, true]) {
        const job = await untilEnded((await start(scope, { force })).id);
        expect(job).toMatchObject({ total: 2, counts: { failed: 2 } });
        const reasons = (await itemsOf(job.id)).map(({ failure }) => failure?.reason);
        expect(new Set(reasons)).toEqual(new Set(["contradictory_decision", "undecodable"]));
      }
      for (const id of scope.ids) expect((await client.dlq.get.query({ id })).state).toBe("quarantined");
      expect(await start(scope)).toMatchObject({ total: 0 });
    }, 60_000);

    test("a forged replay has no effect and is a dead letter of its own; on a decision topic its headers mean nothing", async () => {
      const orderId = await decideLate();
      const [late] = await untilLetters(orderId, "outside_window", "partner_missing");
      const stock = (await readTopic(product.parts, desk.topics.stock)).find(
        ({ key }) => key?.toString() === String(orderId),
      );
      const headers = [["orderwire-replay-of", Buffer.from(late?.id ?? "")]] as const;
      for (const topic of [desk.topics.stock, sagaReplayTopicOf(product.settings)]) {
        await desk.produce({ topic, key: stock?.key ?? null, value: stock?.value ?? null, headers });
      }
      await eventually(async () => {
        const { deadLetters } = await client.dlq.list.query({
          orderId: String(orderId),
          reason: "forged_replay",
        });
        expect(deadLetters).toMatchObject([
          { originalTopic: sagaReplayTopicOf(product.settings), state: "open" },
        ]);
        expect((await desk.saga(orderId)).timeline.filter(({ kind }) => kind === "duplicate")).toHaveLength(
          1,
        );
      });
      expect(statuses(orderId)).toEqual(["NEW"]);
    }, 60_000);

    test("from a terminal the letters of both systems are replayed by the same words", async () => {
      const orderIds = [await decideLate(), await decideLate()];
      for (const orderId of orderIds) await untilLetters(orderId, "outside_window", "partner_missing");
      for (const orderId of orderIds) {
        const said: string[] = [];
        const words = [
          "replay",
          "--filter",
          `orderId=${orderId}`,
          "--filter",
          `deadLetterTopic=${product.settings.SAGA_DLQ_TOPIC}`,
        ];
        const code = await runDlq([...words, "--reason", "stock was down", "--wait"], client, {
          out: (text) => void said.push(text),
          tell: () => undefined,
          sleep: (ms) => Bun.sleep(ms),
        });
        expect(code).toBe(0);
        expect(said.join()).toContain("The replay is done: 1 applied, 1 already applied");
        expect(statuses(orderId)).toEqual(["NEW", "CONFIRMED"]);
      }
    }, 60_000);
  });
}
