// `bun run bench -- dlq`: how long an operator waits in front of very many dead letters, for each question that the index and
// the replays answer; the slowest of several times, because that is the one that people remember.
import { openOrderStore } from "../order/store/open-order-store.ts";
import type { OrderStore } from "../order/store/order-store.ts";
import { createMockRegistry } from "../schemas/mock-registry.ts";
import { createDatabase, type StoreKind } from "./databases.ts";
import { addFailedUpdates, orderIdAt } from "./failed-updates.ts";
import { openServers } from "./servers.ts";

export interface QuestionTime {
  readonly store: StoreKind;
  readonly question: string;
  readonly slowestMs: number;
}

const times = 5;

export async function benchDeadLetters(
  count: number,
  stores: readonly StoreKind[],
): Promise<readonly QuestionTime[]> {
  const servers = await openServers();
  const answers: QuestionTime[] = [];
  try {
    for (const kind of stores) {
      const database = await createDatabase(kind, servers.environment.DATABASE_URL);
      const store = await openOrderStore(database.url);
      const startMs = performance.now();
      await addFailedUpdates({ store, registry: createMockRegistry(), topic: "order-status-updates", count });
      answers.push({ store: kind, question: "add all", slowestMs: performance.now() - startMs });
      for (const [question, ask, often] of questionsTo(store, count)) {
        let slowestMs = 0;
        for (let time = 0; time < often; time += 1) {
          const askedMs = performance.now();
          await ask(time);
          slowestMs = Math.max(slowestMs, performance.now() - askedMs);
        }
        answers.push({ store: kind, question, slowestMs });
      }
      await store.close();
      await database.drop();
    }
    return answers;
  } finally {
    await servers.close();
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
