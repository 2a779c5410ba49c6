// `bun run bench -- dlq`: how long an operator waits in front of very many dead letters, for each question that the index and
// the replays answer; the slowest of several times, because that is the one that people remember.
import { openOrderStore } from "../../order/store/open-order-store.ts";
import type { OrderStore } from "../../order/store/order-store.ts";
import { createMockRegistry } from "../../schemas/mock-registry.ts";
import type { BenchPart, PartContext } from "../bench-part.ts";
import { createDatabase, type StoreKind, storesOf } from "../databases.ts";
import type { MeasuredCase } from "../report/result-file.ts";
import { addFailedUpdates, orderIdAt } from "./failed-updates.ts";

const times = 5;

export const deadLetters: BenchPart = {
  name: "dlq",
  full: { letters: [100_000], store: "both" },
  quick: { letters: [10_000], store: "both" },
  run: benchDeadLetters,
};

async function benchDeadLetters({
  options,
  servers,
  display,
}: PartContext): Promise<readonly MeasuredCase[]> {
  const count = options.letters[0] ?? 0;
  const cases: MeasuredCase[] = [];
  // Nobody asks a store in memory from another process.
  for (const kind of storesOf(options.store).filter((store) => store !== "sqlite-memory")) {
    display.show({ stage: `${count} dead letters in ${kind}`, fraction: 0 });
    cases.push(...(await askAll(kind, servers.environment.DATABASE_URL, count)));
  }
  return cases;
}

async function askAll(kind: StoreKind, serverUrl: string, count: number): Promise<readonly MeasuredCase[]> {
  const database = await createDatabase(kind, serverUrl);
  const store = await openOrderStore(database.url);
  const answer = (name: string, everyMs: readonly number[]): MeasuredCase => ({
    group: kind,
    name,
    rounds: everyMs.map((ms) => ({ ms })),
  });
  try {
    const startMs = performance.now();
    await addFailedUpdates({ store, registry: createMockRegistry(), topic: "order-status-updates", count });
    const answers = [answer("add all", [performance.now() - startMs])];
    for (const [question, ask, often] of questionsTo(store, count)) {
      const everyMs: number[] = [];
      for (let time = 0; time < often; time += 1) {
        const askedMs = performance.now();
        await ask(time);
        everyMs.push(performance.now() - askedMs);
      }
      answers.push(answer(question, everyMs));
    }
    return answers;
  } finally {
    await store.close();
    await database.drop();
  }
}

type Question = readonly [name: string, ask: (time: number) => Promise<unknown>, times: number];

function questionsTo({ deadLetters, letterFates, replays }: OrderStore, count: number): readonly Question[] {
  const page = { limit: 50 };
  const everything = { kind: "filter", filter: {} } as const;
  const byText = { text: orderIdAt(count - 7) };
  const byHeader = { header: { name: "event-id", value: "nothing has this" } };
  const always = () => true;
  const fingerprintOf = async () => (await letterFates.groups(Date.now()))[0]?.fingerprint ?? "";
  const fingerprint = fingerprintOf();
  const newJob = (time: number) => ({
    id: `job-${time}`,
    requestId: `job-${time}`,
    name: "bench",
    reason: "bench",
    actor: "bench",
    ratePerSecond: 1,
    canary: null,
    autoStopShare: 1,
    auditId: 1,
    atMs: 0,
    scope: {},
  });
  async function startAll(time: number): Promise<void> {
    let job = await replays.create(newJob(time), everything, ["open"]);
    while (job.isGathering) job = (await replays.gatherOn(job.id)) ?? job;
    if (job.total !== count) throw new Error(`the job has ${job.total} of ${count} letters`);
  }
  async function cancelAll(jobId: string): Promise<void> {
    await replays.change(jobId, { kind: "cancel", atMs: 0 });
    while ((await replays.skipUnsent(jobId, 0)) > 0);
  }
  return [
    ["first page", () => deadLetters.list({ filter: {}, ...page }), times],
    [
      "deepest page by cursor",
      () =>
        deadLetters.list({
          filter: {},
          ...page,
          after: { dlqTopic: "order-events-dlq", dlqPartition: 0, dlqOffset: count - 60 },
        }),
      times,
    ],
    ["deepest page by offset", () => deadLetters.list({ filter: {}, ...page, offset: count - 60 }), times],
    [
      "deepest page of systems A and B by offset",
      () =>
        deadLetters.list({
          filter: { dlqTopics: ["", "order-events-dlq"] },
          ...page,
          offset: count - 60,
        }),
      times,
    ],
    [
      "deepest page of open ones by offset",
      () => deadLetters.list({ filter: { state: "open" }, ...page, offset: count - 60 }),
      times,
    ],
    [
      "page of one group",
      async () => deadLetters.list({ filter: { fingerprint: await fingerprint }, ...page }),
      times,
    ],
    ["page of open ones", () => deadLetters.list({ filter: { state: "open" }, ...page }), times],
    ["page by order", () => deadLetters.list({ filter: { orderId: orderIdAt(count - 7) }, ...page }), times],
    ["page by text", () => deadLetters.list({ filter: byText, ...page }), times],
    [
      "page by text, of a reason that nothing has",
      () => deadLetters.list({ filter: { ...byText, reason: "none" }, ...page }),
      times,
    ],
    ["page by a header", () => deadLetters.list({ filter: byHeader, ...page }), times],
    ["page by a time that nothing has", () => deadLetters.list({ filter: { fromMs: 9e15 }, ...page }), times],
    ["groups", () => letterFates.groups(Date.now()), times],
    ["counts by state", () => letterFates.countByState(), times],
    [
      "count of a group",
      async () => letterFates.count({ kind: "filter", filter: { fingerprint: await fingerprint } }, ["open"]),
      times,
    ],
    [
      "number that matches a reason",
      () => letterFates.countMatching({ reason: "unknown_order" }, always),
      times,
    ],
    ["number that matches a text", () => letterFates.countMatching(byText, always), times],
    ["number that matches a header", () => letterFates.countMatching(byHeader, always), times],
    ["count by text", () => letterFates.count({ kind: "filter", filter: byText }, ["open"]), times],
    ["start a job of all", (time) => startAll(time), 1],
    ["cancel it", (time) => cancelAll(`job-${time}`), 1],
    ["discard all", () => letterFates.move(everything, ["open"], "discarded"), 1],
    ["restore all", () => letterFates.move(everything, ["discarded"], "open"), 1],
  ];
}
