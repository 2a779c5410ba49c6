import { describe, expect, test } from "bun:test";
import { exampleJob } from "./dialects/replays.ts";
import { createTestOrder } from "./http/test-service.ts";
import type { ReplayOperations } from "./ports.ts";
import type { ReplayJob } from "./replays.ts";
import { failed, success } from "./result.ts";

const unused = () => Promise.reject(new Error("not called"));

/** A service whose job is what a test says. */
function createStage() {
  let answer: ReplayJob | "away" | "gone" = exampleJob;
  const replays: ReplayOperations = {
    preview: unused,
    start: unused,
    startEdited: unused,
    checkEdited: unused,
    timeline: unused,
    async get() {
      if (answer === "away") return failed({ code: "unavailable", message: "The store is away." });
      if (answer === "gone") return failed({ code: "not_found", message: "gone" });
      return success(answer);
    },
    list: unused,
    items: unused,
    pause: unused,
    resume: unused,
    cancel: unused,
    setRate: unused,
  };
  const order = createTestOrder({ ports: { replays } });
  return {
    order,
    become(next: typeof answer) {
      answer = next;
    },
    async open(lastEventId?: string, abort = new AbortController()) {
      const input = encodeURIComponent(JSON.stringify({ id: exampleJob.id }));
      const response = await order.app.request(`/trpc/replays.watch?input=${input}`, {
        headers: lastEventId === undefined ? {} : { "last-event-id": lastEventId },
        signal: abort.signal,
      });
      return { response, events: eventsOf(response) };
    },
  };
}

interface StreamEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

async function* eventsOf(response: Response): AsyncGenerator<StreamEvent, undefined> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const fields = new Map(
        text
          .slice(0, end)
          .split("\n")
          .map(
            (line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()] as const,
          ),
      );
      text = text.slice(end + 2);
      const data: unknown = JSON.parse(fields.get("data") || "null");
      const event = fields.get("event") ?? "message";
      if (event !== "connected" && event !== "ping") yield { event, id: fields.get("id"), data };
    }
  }
  return undefined;
}

/** What comes next, with every timer's time coming meanwhile. */
async function next(
  { order }: ReturnType<typeof createStage>,
  events: AsyncGenerator<StreamEvent, undefined>,
): Promise<StreamEvent | undefined> {
  let isThere = false;
  const event = events.next().finally(() => (isThere = true));
  while (!isThere) {
    order.timer.fire();
    await Bun.sleep(0);
  }
  return (await event).value;
}

describe("a replay that is watched", () => {
  test("is told at once, again when it has changed, and not after its end", async () => {
    const stage = createStage();
    const { response, events } = await stage.open();
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    expect(await next(stage, events)).toMatchObject({ data: { id: exampleJob.id, left: 108 } });
    stage.become({ ...exampleJob, counts: { ...exampleJob.counts, applied: 101 }, left: 107 });
    expect(await next(stage, events)).toMatchObject({ data: { left: 107 } });
    stage.become({ ...exampleJob, state: "done", left: 0, endedAt: "2026-03-02T09:31:00.000Z" });
    expect(await next(stage, events)).toMatchObject({ data: { state: "done" } });
    expect(await next(stage, events)).toMatchObject({ event: "return" });
  });

  test("is taken up after a reconnect where it was: what was told is not told again", async () => {
    const stage = createStage();
    const first = await stage.open();
    const told = await next(stage, first.events);
    const second = await stage.open(told?.id);
    const coming = next(stage, second.events);
    await Bun.sleep(5);
    stage.become({ ...exampleJob, ratePerSecond: 7 });
    expect(await coming).toMatchObject({ data: { ratePerSecond: 7 } });
  });

  test("is told on when the store is there again", async () => {
    const stage = createStage();
    stage.become("away");
    const { events } = await stage.open();
    const coming = next(stage, events);
    await Bun.sleep(5);
    stage.become(exampleJob);
    expect(await coming).toMatchObject({ data: { id: exampleJob.id } });
  });

  test("and does not exist ends the stream with the contract's own error", async () => {
    const stage = createStage();
    stage.become("gone");
    const { events } = await stage.open();
    expect(await next(stage, events)).toMatchObject({
      event: "serialized-error",
      data: { data: { code: "not_found" } },
    });
  });

  test("leaves nothing behind when its watcher goes", async () => {
    const stage = createStage();
    const abort = new AbortController();
    const { events } = await stage.open(undefined, abort);
    await next(stage, events);
    abort.abort();
    await Bun.sleep(5);
    expect(stage.order.timer.pending).toBe(0);
  });
});
