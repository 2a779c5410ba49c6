// A stream over plain HTTP: server-sent events, for `curl -N` and EventSource. The stream is asked for the next event only
// when the connection has taken the last one, so a slow reader costs the buffers of its socket and nothing else.
import type { StreamRoute } from "../dialects/stream-route.ts";
import { perform } from "../perform.ts";
import type { OrderStreams } from "../procedures.ts";
import type { Told } from "../streams.ts";
import { commonHeaders, failureAnswer } from "./answers.ts";
import type { Endpoint } from "./endpoint.ts";
import { readQuery } from "./read-query.ts";
import { readRequestContext, readRequestId } from "./request-context.ts";
import type { Serving } from "./serving.ts";

/** Below the idle timeouts of Bun and of proxies. */
export const pingEveryMs = 5000;
const reconnectAfterMs = 2000;

export function serveStream(route: StreamRoute, streams: OrderStreams, serving: Serving): Endpoint["handle"] {
  return async (request) => {
    const requestId = readRequestId(request.headers);
    const refuse = (failure: Parameters<typeof failureAnswer>[1]) =>
      failureAnswer(route.errorShape, failure, requestId);
    const context = readRequestContext(request.headers, requestId, "read");
    if (!context.ok) return refuse(context.failure);
    const query = readQuery(request.url);
    if (!query.ok) return refuse(query.failure);
    const open = route.prepare(query.value);
    if (!open.ok) return refuse(open.failure);
    const gone = new AbortController();
    const reader = {
      lastEventId: request.headers.get("last-event-id")?.slice(0, 200),
      signal: AbortSignal.any([gone.signal, request.signal]),
    };
    const opened = await perform(serving, "read", requestId, () =>
      open.value(streams, reader, context.value),
    );
    if (!opened.ok) return refuse(opened.failure);
    return new Response(eventStream(opened.value, gone, serving), {
      headers: {
        ...commonHeaders(requestId),
        "Content-Type": "text/event-stream; charset=utf-8",
        "X-Accel-Buffering": "no",
      },
    });
  };
}

type KindOfEvent = { readonly kind: string };

function eventStream(
  events: AsyncGenerator<Told<KindOfEvent>, void>,
  gone: AbortController,
  { timer }: Pick<Serving, "timer">,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next: Promise<IteratorResult<Told<KindOfEvent>, void>> | undefined;
  return new ReadableStream({
    start(controller) {
      controller.enqueue(encoder.encode(`retry: ${reconnectAfterMs}\n\n`));
    },
    async pull(controller) {
      next ??= events.next();
      const ping = Promise.withResolvers<undefined>();
      const cancel = timer.after(pingEveryMs, () => ping.resolve(undefined));
      const result = await Promise.race([next, ping.promise]).finally(cancel);
      if (result === undefined) {
        controller.enqueue(encoder.encode(": ping\n\n"));
        return;
      }
      next = undefined;
      if (result.done === true) controller.close();
      else controller.enqueue(encoder.encode(textOf(result.value)));
    },
    async cancel() {
      gone.abort();
      await events.return();
    },
  });
}

/** JSON has no line ends outside its strings, and none inside. */
function textOf({ id, event }: Told<KindOfEvent>): string {
  return `id: ${id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}
