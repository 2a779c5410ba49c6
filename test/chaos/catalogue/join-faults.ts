// System C's joins of two decisions: either one first, again, contradicting, a minute late or never, with a kill between the
// halves, on topics where nothing else comes. One final state each, and what came too late is kept and counted.
import { createOrderClient } from "../../../contract/client.ts";
import { openParts } from "../../../service/open-parts.ts";
import { openSagaDesk, type SagaDesk } from "../../system/saga-desk.ts";
import type { Fault, FaultReport } from "../fault.ts";
import type { Stage } from "../stage.ts";
import { type Checks, createChecks } from "./checks.ts";
import { readResidentBytes } from "./read-stage.ts";

interface Scene {
  readonly stage: Stage;
  readonly checks: Checks;
  readonly desk: SagaDesk;
}

function joinFault(
  name: string,
  pace: Fault["pace"],
  run: (scene: Scene) => Promise<FaultReport>,
  window = "PT3S",
): Fault {
  return {
    name,
    row: "join of decisions",
    pace,
    // Nothing comes by itself: deadlines are the wall clock's.
    // The account is of systems A and B; here there is nothing of theirs.
    ownStage: {
      environment: { SAGA_PARTICIPANTS: "off", SAGA_JOIN_WINDOW: window },
      ordersPerSecond: 0,
      account: "own",
    },
    async run(stage) {
      await stage.untilHealth(stage.orders[0], 200, 30_000);
      const { settings } = stage;
      const parts = openParts(settings);
      const desk = await openSagaDesk({
        cartUrl: stage.cart.url,
        orderUrl: stage.orders[0].url,
        topics: { orders: settings.KAFKA_ORDER_TOPIC, statusUpdates: settings.KAFKA_STATUS_UPDATE_TOPIC },
        settings,
        parts,
      });
      try {
        return await run({ stage, checks: createChecks(stage), desk });
      } finally {
        await desk.close();
        parts.close();
      }
    },
  };
}

const results = (desk: SagaDesk, orderId: number) => desk.published(orderId).map(({ status }) => status);

/** Its NEW, and one result. */
async function expectResult(
  { checks, desk }: Scene,
  what: string,
  orderId: number,
  wanted: string,
): Promise<void> {
  await checks.expectThat(`${what}: ${wanted}, once`, async () => {
    await desk.untilResult(orderId, 20_000);
    const found = results(desk, orderId).join(", ");
    if (found !== `NEW, ${wanted}`) throw new Error(found);
  });
}

const inAnyOrder = joinFault("joins-in-any-order", "quick", async (scene) => {
  const { desk, checks } = scene;
  const startedAt = performance.now();
  const first = await desk.place();
  await desk.decide("payment", first, "ACCEPT");
  await desk.decide("stock", first, "ACCEPT");
  const second = await desk.place();
  await desk.decide("stock", second, "REJECT");
  await desk.decide("payment", second, "ACCEPT");
  const third = await desk.place();
  for (let copy = 0; copy < 3; copy += 1) await desk.decide("payment", third, "REJECT");
  for (let copy = 0; copy < 3; copy += 1) await desk.decide("stock", third, "REJECT");
  const fourth = await desk.place();
  await desk.decide("payment", fourth, "ACCEPT");
  const contradiction = await desk.decide("payment", fourth, "REJECT");
  await desk.decide("stock", fourth, "ACCEPT");
  await expectResult(scene, "payment first", first, "CONFIRMED");
  await expectResult(scene, "stock first", second, "ROLLBACK");
  await expectResult(scene, "every decision three times", third, "REJECTED");
  await expectResult(scene, "a contradiction", fourth, "CONFIRMED");
  await checks.expectThat("the contradiction is a dead letter", async () => {
    const { reasonCode } = await desk.untilLetter(contradiction);
    if (reasonCode !== "contradictory_decision") throw new Error(String(reasonCode));
  });
  return checks.report(true, performance.now() - startedAt);
});

const lateOrNever = joinFault("join-partner-late-or-never", "quick", async (scene) => {
  const { stage, desk, checks } = scene;
  const startedAt = performance.now();
  const nowMs = Date.now();
  const late = await desk.place();
  await desk.decide("payment", late, "ACCEPT", { timestampMs: nowMs - 60_000 });
  await stage.until("payment waits", async () => (await desk.saga(late)).payment !== null, 20_000);
  const lateAt = await desk.decide("stock", late, "ACCEPT", { timestampMs: nowMs });
  const alone = await desk.place();
  const aloneAt = await desk.decide("stock", alone, "ACCEPT");
  for (const [what, place, reason] of [
    ["a partner late by a minute is kept, with the reason", lateAt, "outside_window"],
    [
      "one whose partner never comes is kept when its time is over, on a quiet topic",
      aloneAt,
      "partner_missing",
    ],
  ] as const) {
    await checks.expectThat(what, async () => {
      const { reasonCode } = await desk.untilLetter(place);
      if (reasonCode !== reason) throw new Error(String(reasonCode));
    });
  }
  const open = [late, alone].map((orderId) => results(desk, orderId).join());
  checks.expect(
    "neither order has a result",
    open.every((found) => found === "NEW"),
    open,
  );
  const stats = await fetch(`${stage.orders[0].url}/ops/saga-stats`);
  const { counted }: { counted: Readonly<Record<string, number>> } = await stats.json();
  checks.expect("it is counted", counted["late"] === 1, counted);
  // Kept, so that it can still be had.
  const client = createOrderClient(stage.orders[0].url);
  await checks.expectThat("replayed, it settles its order", async () => {
    const letters = await untilListed(stage, client, late);
    await client.replays.start.mutate({ scope: { ids: letters }, name: "late", reason: "stock was down" });
    await desk.untilResult(late, 20_000);
    const found = results(desk, late).join(", ");
    if (found !== "NEW, CONFIRMED") throw new Error(found);
  });
  return checks.report(true, performance.now() - startedAt);
});

async function untilListed(
  stage: Stage,
  client: ReturnType<typeof createOrderClient>,
  orderId: number,
): Promise<string[]> {
  let ids: string[] = [];
  await stage.until(
    "the letter is listed",
    async () => {
      const { deadLetters } = await client.dlq.list.query({ orderId: String(orderId) });
      ids = deadLetters.map(({ id }) => id);
      return ids.length > 0;
    },
    20_000,
  );
  return ids;
}

/** A restart takes as long as the machine lets it: the window must not close meanwhile. */
const killedBetweenHalves = joinFault(
  "join-killed-between-the-halves",
  "quick",
  async (scene) => {
    const { stage, desk, checks } = scene;
    const [order] = stage.orders;
    const ids: number[] = [];
    for (let index = 0; index < 20; index += 1) ids.push(await desk.place());
    await order.stop();
    await order.start({ CRASH_AT: "saga-between-halves" });
    for (const orderId of ids) await desk.decide("payment", orderId, "ACCEPT");
    const ended = await Promise.race([order.ended(), Bun.sleep(20_000).then(() => "still running")]);
    if (ended !== "SIGKILL") await order.kill();
    const killedAt = performance.now();
    for (const orderId of ids) await desk.decide("stock", orderId, "ACCEPT");
    await order.start();
    await order.untilReady();
    for (const orderId of ids.slice(0, -1)) await desk.untilResult(orderId, 30_000).catch(() => undefined);
    await desk.untilResult(ids.at(-1) ?? 0, 30_000).catch(() => undefined);
    const recoveredMs = performance.now() - killedAt;
    const wrong = ids.filter((orderId) => results(desk, orderId).join() !== "NEW,CONFIRMED");
    checks.expect(
      "each order has one result",
      wrong.length === 0,
      wrong.map((orderId) => `${orderId}: ${results(desk, orderId).join()}`),
    );
    return checks.report(ended === "SIGKILL", recoveredMs);
  },
  "PT5M",
);

const deep = 200_000;
export const poisonDecisions: readonly (readonly [
  what: string,
  value: Buffer | null,
  reasons: readonly string[],
])[] = [
  ["no JSON", Buffer.from("not json"), ["undecodable"]],
  ["a tombstone", null, ["tombstone"]],
  ["arrays nested 200,000 deep", Buffer.from("[".repeat(deep) + "]".repeat(deep)), ["undecodable"]],
  [
    "objects nested 50,000 deep",
    Buffer.from(`${'{"orderId":'.repeat(deep / 4)}1${"}".repeat(deep / 4)}`),
    ["undecodable", "invalid_event"],
  ],
  [
    "__proto__ keys",
    Buffer.from(`{"__proto__":{"orderId":1,"status":"ACCEPT"},"constructor":{"prototype":{}}}`),
    ["invalid_event", "undecodable"],
  ],
  [
    "an orderId beyond 2^53",
    Buffer.from(`{"orderId":9007199254740993,"status":"ACCEPT"}`),
    ["invalid_event"],
  ],
  ["bad UTF-8", Buffer.from([0x22, 0xff, 0x22]), ["undecodable"]],
  [
    "900,000 digits",
    Buffer.from(`{"orderId":${"9".repeat(900_000)},"status":"ACCEPT"}`),
    ["invalid_event", "undecodable"],
  ],
];

const poison = joinFault("poison-decisions", "quick", async (scene) => {
  const { stage, desk, checks } = scene;
  const before = await readResidentBytes(stage.orders[0].pid());
  const startedAt = performance.now();
  for (const [what, value, reasons] of poisonDecisions) {
    const place = await desk.produce({ topic: desk.topics.payment, partition: 0, key: null, value });
    await checks.expectThat(`${what}: one dead letter with reason and bytes`, async () => {
      const { reasonCode, originalValue } = await desk.untilLetter(place);
      if (!reasons.includes(reasonCode ?? "")) throw new Error(`the reason is ${reasonCode}`);
      const isSame = value === null ? originalValue === null : originalValue?.equals(value) === true;
      if (!isSame) throw new Error("it has other bytes");
    });
  }
  const orderId = await desk.place();
  await desk.decide("payment", orderId, "ACCEPT");
  await desk.decide("stock", orderId, "ACCEPT");
  await expectResult(scene, "what follows goes on", orderId, "CONFIRMED");
  const growth = Math.round(((await readResidentBytes(stage.orders[0].pid())) - before) / (1024 * 1024));
  checks.expect("memory is flat", growth < 150, `${growth} MB more`);
  return checks.report(true, performance.now() - startedAt);
});

export const joinFaults: readonly Fault[] = [inAnyOrder, lateOrNever, killedBetweenHalves, poison];
