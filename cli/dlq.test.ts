import { describe, expect, test } from "bun:test";
import { createOrderClient } from "../contract/client.ts";
import { exampleJob } from "../contract/dialects/replays.ts";
import { createTestOrder, deadLetter } from "../contract/http/test-service.ts";
import { createTestGuards, keyOf, testKeys } from "../contract/http/test-guards.ts";
import type { ReplayOperations } from "../contract/ports.ts";
import type { ReplayJob } from "../contract/replays.ts";
import { success } from "../contract/result.ts";
import { readDlqArguments } from "./dlq-arguments.ts";
import { exitCodes, runDlq } from "./dlq.ts";

async function run(words: readonly string[], order = createTestOrder(), isWatched = false) {
  const out: string[] = [];
  const told: string[] = [];
  const drawn: string[] = [];
  const client = createOrderClient("http://order", {
    fetch: async (url, init) => order.app.request(new Request(url, init)),
  });
  const code = await runDlq(words, client, {
    out: (text) => out.push(text),
    tell: (text) => told.push(text),
    ...(isWatched ? { draw: (line: string) => void drawn.push(line) } : {}),
    sleep: () => Promise.resolve(),
  });
  return { code, out: out.join("\n"), told, drawn, order };
}

/** A job that goes on with each look. */
function orderWithJob(jobs: readonly Partial<ReplayJob>[]) {
  const left = [...jobs];
  const unused = () => Promise.reject(new Error("not called"));
  const replays: ReplayOperations = {
    preview: unused,
    start: async () => success(exampleJob),
    startEdited: unused,
    get: async () => success({ ...exampleJob, ...(left.length > 1 ? left.shift() : left[0]) }),
    list: unused,
    items: unused,
    pause: unused,
    resume: unused,
    cancel: unused,
    setRate: unused,
  };
  return createTestOrder({ ports: { replays } });
}

const none = { applied: 0, already_applied: 0, stale: 0, failed: 0, skipped: 0 };
const replayAndWait = ["replay", "--filter", "reason=unknown_order", "--reason", "fixed", "--wait"];

describe("what is asked is shown", () => {
  const letters = [deadLetter({ errorMessage: "evil \u001b[2J text\nsecond line" })];

  test("as rows, in which no text of a dead letter moves the cursor", async () => {
    const { code, out } = await run(
      ["ls", "--filter", "orderId=ORD-999"],
      createTestOrder({ deadLetters: letters }),
    );
    expect(code).toBe(exitCodes.done);
    expect(out.split("\n")).toHaveLength(2);
    expect(out).not.toContain("\u001b");
    const shown = await run(["show", "order-status-updates/0/17"], createTestOrder({ deadLetters: letters }));
    expect(shown.code).toBe(exitCodes.done);
    expect(shown.out).not.toContain("\u001b");
  });

  test("as JSON, exactly", async () => {
    const { out } = await run(["ls", "--json"], createTestOrder({ deadLetters: letters }));
    expect(JSON.parse(out)).toEqual({ deadLetters: letters });
    expect(JSON.parse((await run(["jobs", "--json"])).out)).toEqual({ replays: [exampleJob] });
    expect(JSON.parse((await run(["groups", "--json"])).out)).toEqual({ groups: [] });
  });

  test("an empty answer says so", async () => {
    expect((await run(["ls"])).out).toBe("No dead letter matches.");
    expect((await run(["groups"])).out).toBe("Nothing has failed.");
  });
});

describe("a replay", () => {
  test("is ordered with what was said, and no more", async () => {
    const words = [
      "replay",
      "--id",
      "order-events/0/17",
      "--reason",
      "fixed",
      "--rate",
      "20",
      "--canary",
      "1",
      "--request-id",
      "r-1",
    ];
    const { code, order } = await run(words);
    expect(code).toBe(exitCodes.done);
    expect(order.replayOrders.map(({ command }) => command)).toEqual([
      {
        scope: { ids: ["order-events/0/17"] },
        name: "by hand",
        reason: "fixed",
        ratePerSecond: 20,
        canary: 1,
        autoStopFailureShare: 0.5,
        force: false,
        requestId: "r-1",
      },
    ]);
  });

  test("run dry tells what would happen and orders nothing", async () => {
    const { code, out, order } = await run(["replay", "--all", "--dry-run"]);
    expect(code).toBe(exitCodes.done);
    expect(out).toContain("198 would be applied");
    expect(out).toContain("16 × ValueError: Order <id> not found");
    expect(order.replayOrders).toEqual([]);
  });

  test("is waited for, with a bar where somebody watches and lines where nobody does", async () => {
    const jobs = [
      { state: "running", total: 4, left: 2, counts: { ...none, applied: 2 } },
      {
        state: "done",
        total: 4,
        left: 0,
        counts: { ...none, applied: 4 },
        endedAt: "2026-03-02T09:30:00.000Z",
      },
    ] as const;
    const watched = await run(replayAndWait, orderWithJob(jobs), true);
    expect(watched.code).toBe(exitCodes.done);
    expect(watched.drawn.map((line) => line.replaceAll(/[█░]/g, ""))).toEqual([
      "  50 %  2/4, 0 failed, running",
      " 100 %  4/4, 0 failed, done",
    ]);
    const alone = await run(replayAndWait, orderWithJob(jobs));
    expect(alone.told).toHaveLength(3);
    expect(alone.drawn).toEqual([]);
    expect(alone.out).toContain("The replay is done: 4 applied");
  });

  test("that did not go well has an exit code of its own", async () => {
    const ended = { endedAt: "2026-03-02T09:30:00.000Z", left: 0, total: 1 } as const;
    for (const job of [
      { ...ended, state: "done", counts: { ...none, failed: 1 } },
      { ...ended, state: "cancelled", counts: { ...none, skipped: 1 } },
      { state: "paused", pauseCause: "failures", counts: none },
      { state: "paused", pauseCause: "canary", counts: { ...none, failed: 1 } },
    ] as const) {
      expect((await run(replayAndWait, orderWithJob([job]))).code).toBe(exitCodes.notWell);
    }
  });
});

test("a canary that went well is well, and the next words are told", async () => {
  const job = { state: "paused", pauseCause: "canary", counts: { ...none, applied: 1 } } as const;
  const { code, told } = await run(replayAndWait, orderWithJob([job]));
  expect(code).toBe(exitCodes.done);
  expect(told.at(-1)).toContain(`bun run dlq -- resume ${exampleJob.id}`);
});

test("orders about jobs and letters go where they belong", async () => {
  const order = createTestOrder();
  const { id } = exampleJob;
  for (const words of [
    ["pause", id],
    ["resume", id],
    ["cancel", id],
    ["rate", id, "--rate", "7"],
    ["discard", "--filter", "fingerprint=9f2c4a1b7d3e5f60"],
    ["restore", "--all"],
  ]) {
    expect((await run([...words, "--reason", "because"], order)).code).toBe(exitCodes.done);
  }
  expect(order.replayOrders.map(({ command }) => command)).toMatchObject([
    { id },
    { id },
    { id },
    { id, ratePerSecond: 7 },
    { scope: { filter: { fingerprint: "9f2c4a1b7d3e5f60" } }, reason: "because" },
    { scope: { filter: {} } },
  ]);
});

describe("what cannot be done is said", () => {
  test("in the service's words", async () => {
    const { code, told } = await run(["show", "order-events/0/404"]);
    expect(code).toBe(exitCodes.refused);
    expect(told.join()).toContain("There is no dead letter 'order-events/0/404'");
    expect((await run(["ls", "--filter", "category=NOPE"])).code).toBe(exitCodes.refused);
  });

  test("when order is not there", async () => {
    const client = createOrderClient("http://order", { fetch: () => Promise.reject(new Error("refused")) });
    const told: string[] = [];
    const terminal = {
      out: () => undefined,
      tell: (text: string) => void told.push(text),
      sleep: () => Promise.resolve(),
    };
    expect(await runDlq(["jobs"], client, terminal)).toBe(exitCodes.refused);
    expect(told).toHaveLength(1);
  });

  test.each([
    [[], "A command is missing"],
    [["lsx"], "There is no command 'lsx'"],
    [["ls", "more", "words"], "There is one word too many: words"],
    [["ls", "--filter", "nonsense"], "--filter takes name=value"],
    [["ls", "--filter", "text=a", "--filter", "text=b"], "Each filter is given once"],
    [["replay", "--reason", "x"], "One of --filter, --id and --all"],
    [["replay", "--all", "--filter", "text=a", "--reason", "x"], "One of --filter, --id and --all"],
    [["replay", "--all"], "replay needs --reason"],
    [["replay", "--all", "--reason", "x", "--rate", "fast"], "--rate must be a number, got 'fast'"],
    [["cancel", "--reason", "x"], "cancel needs the id of what it is about"],
    [["ls", "--unknown"], "--unknown"],
  ])("%j is wrong", async (words, problem) => {
    const read = readDlqArguments(words);
    expect(read).toEqual({ ok: false, problem: expect.stringContaining(problem) });
    const { code, told } = await run(words);
    expect(code).toBe(exitCodes.misuse);
    expect(told.join()).toContain("bun run dlq --");
  });
});

test("what the key may not do is said in one sentence, and is refused", async () => {
  const { guards } = createTestGuards({ keys: testKeys });
  const order = createTestOrder({ guards, deadLetters: [deadLetter()] });
  const told: string[] = [];
  const terminal = {
    out: () => undefined,
    tell: (text: string) => void told.push(text),
    sleep: () => Promise.resolve(),
  };
  const client = createOrderClient("http://order", {
    key: keyOf("viewer"),
    fetch: async (url, init) => order.app.request(new Request(url, init)),
  });
  expect(await runDlq(["ls"], client, terminal)).toBe(exitCodes.done);
  expect(await runDlq(["discard", "--all", "--reason", "why"], client, terminal)).toBe(exitCodes.refused);
  expect(told).toEqual([
    "The key 'the-viewer' is a viewer's, and dlq.discard needs an operator's: ask whoever runs this service for one",
  ]);
  expect(order.replayOrders).toEqual([]);
});

test("who sends no key, or a wrong one, hears where this program takes it from", async () => {
  const { app } = createTestOrder({ guards: createTestGuards({ keys: testKeys }).guards });
  for (const options of [{}, { key: "ow_wrong-key-0123456789" }]) {
    const told: string[] = [];
    const client = createOrderClient("http://order", {
      ...options,
      fetch: async (url, init) => app.request(new Request(url, init)),
    });
    const terminal = {
      out: () => undefined,
      tell: (text: string) => void told.push(text),
      sleep: () => Promise.resolve(),
    };
    expect(await runDlq(["groups"], client, terminal)).toBe(exitCodes.refused);
    expect(told.join("\n")).toContain("ORDERWIRE_KEY");
  }
});
