// Streams over HTTP: what a reader gets, what a slow one costs, and how they end.
import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { createEventRing } from "../../order/live/event-ring.ts";
import { examplePulse } from "../dialects/live.ts";
import type { LiveEvent } from "../live.ts";
import type { LiveViews } from "../ports.ts";
import { success } from "../result.ts";
import { createOrderClient } from "../client.ts";
import type { StreamRequest, Told } from "../streams.ts";
import { createTestOrder, told } from "./test-service.ts";

const pulse: LiveEvent = { kind: "pulse", pulse: examplePulse };

/** A feed that tells what a test says. */
function createStage(closing?: AbortSignal) {
  const requests: StreamRequest[] = [];
  const waiting: Told<LiveEvent>[] = [];
  let asked = 0;
  let ended = 0;
  let wake = () => {};
  const live: LiveViews = {
    now: async () => success({ instance: "test", since: examplePulse.at, pulse: examplePulse }),
    history: () => Promise.reject(new Error("not asked")),
    async *events(request) {
      requests.push(request);
      try {
        while (!request.signal.aborted && closing?.aborted !== true) {
          const next = waiting.shift();
          if (next !== undefined) {
            asked += 1;
            yield next;
            continue;
          }
          await new Promise<void>((resolve) => {
            wake = resolve;
            request.signal.addEventListener("abort", () => resolve());
            closing?.addEventListener("abort", () => resolve());
          });
        }
      } finally {
        ended += 1;
      }
    },
  };
  const order = createTestOrder({ ports: { live }, ...(closing === undefined ? {} : { closing }) });
  return {
    order,
    requests,
    push(...events: readonly Told<LiveEvent>[]) {
      waiting.push(...events);
      wake();
    },
    get asked() {
      return asked;
    },
    get ended() {
      return ended;
    },
  };
}

async function readUntil(body: ReadableStream<Uint8Array> | null, text: string): Promise<string> {
  let read = "";
  const decoder = new TextDecoder();
  for await (const chunk of body ?? []) {
    read += decoder.decode(chunk, { stream: true });
    if (read.includes(text)) break;
  }
  return read;
}

describe("GET /ops/live", () => {
  test("tells each event with its id, its kind and one line of JSON, and when to come back", async () => {
    const stage = createStage();
    stage.push({ id: "a.1", event: pulse }, { id: "a.2", event: { kind: "missed", count: 3 } });
    const answer = await stage.order.app.request("/ops/live", { headers: { "Last-Event-ID": "a.0" } });
    expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    const text = await readUntil(answer.body, "a.2\n");
    expect(text).toStartWith("retry: 2000\n\n");
    expect(text).toContain(`id: a.1\nevent: pulse\ndata: ${JSON.stringify(pulse)}\n\n`);
    expect(stage.requests[0]?.lastEventId).toBe("a.0");
  });

  test("says something at least every five seconds, and loses nothing by it", async () => {
    const stage = createStage();
    const answer = await stage.order.app.request("/ops/live");
    const reading = readUntil(answer.body, "a.1");
    for (let beat = 0; beat < 3; beat += 1) {
      await Bun.sleep(2);
      stage.order.timer.fire();
    }
    await Bun.sleep(2);
    stage.push({ id: "a.1", event: pulse });
    const text = await reading;
    expect(text.split(": ping\n\n").length).toBeGreaterThan(2);
    expect(text).toContain("id: a.1");
  });

  test("a reader that does not read makes nobody prepare more for it", async () => {
    const stage = createStage();
    stage.push(...Array.from({ length: 1000 }, (_, number) => ({ id: `a.${number}`, event: pulse })));
    const answer = await stage.order.app.request("/ops/live");
    const reader = answer.body?.getReader();
    await reader?.read();
    await Bun.sleep(5);
    expect(stage.asked).toBe(1);
    await reader?.cancel();
    await Bun.sleep(1);
    expect(stage.ended).toBe(1);
  });

  test("takes no parameters, and its twin for topics needs one that is known", async () => {
    const { app } = createTestOrder();
    expect((await told(app.request("/ops/live?x=1"))).status).toBe(400);
    expect((await told(app.request("/ops/topics/tail"))).status).toBe(400);
    expect(await told(app.request("/ops/topics/tail?topic=secrets"))).toMatchObject({
      status: 404,
      body: { detail: "Topic 'secrets' is not one that this service works with" },
    });
    const tail = await app.request("/ops/topics/tail?topic=order-events");
    expect(await tail.text()).toContain('event: missed\ndata: {"kind":"missed","count":3}');
  });
});

describe("live.events with the typed client", () => {
  /** Over a socket, because that is where readers are slow and services stop. */
  function serve(stage: ReturnType<typeof createStage>) {
    return Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => stage.order.app.fetch(request) });
  }

  test("is read in Bun, and told every event once although its connection is lost again and again", async () => {
    const ring = createEventRing<LiveEvent>({ capacity: 100, life: "a" });
    const live: LiveViews = {
      now: () => Promise.reject(new Error("not asked")),
      history: () => Promise.reject(new Error("not asked")),
      events: (request) => ring.read(request),
    };
    const { app } = createTestOrder({ ports: { live } });
    const serveOn = (port: number) =>
      Bun.serve({ port, hostname: "127.0.0.1", fetch: (request) => app.fetch(request) });
    let server = serveOn(0);
    const port = server.port ?? 0;
    const seen: string[] = [];
    const client = createOrderClient(`http://127.0.0.1:${port}`);
    const subscription = client.live.events.subscribe(undefined, { onData: ({ id }) => seen.push(id) });
    while (ring.readers === 0) await Bun.sleep(1);
    for (let round = 0; round < 2; round += 1) {
      ring.push(pulse);
      while (seen.length < 2 * round + 1) await Bun.sleep(1);
      await server.stop(true);
      // Nobody listens now.
      ring.push(pulse);
      server = serveOn(port);
      while (seen.length < 2 * round + 2) await Bun.sleep(1);
    }
    subscription.unsubscribe();
    await server.stop(true);
    expect(seen).toEqual(["a.0", "a.1", "a.2", "a.3"]);
  }, 30_000);

  test("a client that reads nothing for a while fills its socket and not the service, and then learns what it has missed", async () => {
    const ring = createEventRing<LiveEvent>({ capacity: 100, life: "a" });
    let made = 0;
    const live: LiveViews = {
      now: () => Promise.reject(new Error("not asked")),
      history: () => Promise.reject(new Error("not asked")),
      async *events(request) {
        for await (const told of ring.read(request)) {
          made += 1;
          yield told;
        }
      },
    };
    const { app } = createTestOrder({ ports: { live } });
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => app.fetch(request) });
    let text = "";
    const socket = connect(server.port ?? 0, "127.0.0.1");
    socket.on("data", (chunk) => (text += chunk.toString()));
    socket.write("GET /ops/live HTTP/1.1\r\nhost: x\r\n\r\n");
    while (ring.readers === 0) await Bun.sleep(1);
    socket.pause();
    const events = 60_000;
    for (let pushed = 0; pushed < events; pushed += 1) {
      ring.push(pulse);
      if (pushed % 50 === 0) await Bun.sleep(0);
    }
    const madeForNobody = made;
    // Some megabytes lie in the socket's buffers: a few thousand of these events.
    expect(madeForNobody).toBeLessThan(events / 2);
    socket.resume();
    while (!text.includes('"kind":"missed"')) await Bun.sleep(5);
    const missed = Number(/"kind":"missed","count":(\d+)/.exec(text)?.[1]);
    expect(missed).toBeGreaterThan(events / 2);
    socket.destroy();
    await server.stop(true);
  }, 30_000);

  test("sends the client's headers with a stream as with a call", async () => {
    const stage = createStage();
    const sent: (string | null)[] = [];
    const client = createOrderClient("http://order.test", {
      headers: { authorization: "Bearer key" },
      fetch: async (url, init) => {
        const request = new Request(url, init);
        sent.push(request.headers.get("authorization"));
        return await stage.order.app.fetch(request);
      },
    });
    const first = Promise.withResolvers<unknown>();
    const subscription = client.live.events.subscribe(undefined, { onData: first.resolve });
    stage.push({ id: "a.1", event: pulse });
    expect(await first.promise).toMatchObject({ id: "a.1" });
    subscription.unsubscribe();
    expect(sent).toEqual(["Bearer key"]);
  });

  test("a service that stops ends every stream at once, and its clients come back by themselves", async () => {
    const closing = new AbortController();
    const stage = createStage(closing.signal);
    const server = serve(stage);
    const client = createOrderClient(`http://127.0.0.1:${server.port}`);
    const states: string[] = [];
    const failures: unknown[] = [];
    const subscription = client.live.events.subscribe(undefined, {
      onConnectionStateChange: ({ state }) => states.push(state),
      onError: (error) => failures.push(error),
    });
    const plain = await fetch(`http://127.0.0.1:${server.port}/ops/live`);
    while (!states.includes("pending")) await Bun.sleep(1);
    const startedAtMs = performance.now();
    closing.abort();
    await plain.text();
    await server.stop(false);
    expect(performance.now() - startedAtMs).toBeLessThan(1000);
    while (states.at(-1) !== "connecting") await Bun.sleep(1);
    expect(failures).toEqual([]);
    subscription.unsubscribe();
  }, 20_000);
});
