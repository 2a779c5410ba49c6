// Promises requests to cart as clients of both dialects and of tRPC send them, one at a time over a connection of its own, none
// sent twice; and of each what its client may rely on: taken, refused, or nothing.
import { createPlainClient } from "../load/plain-client.ts";
import type { ClientLine } from "./run-files.ts";
import type { Step, System, Way } from "./order-plan.ts";

export interface HttpRequest {
  readonly method: "POST" | "PUT";
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface RequestClient {
  ask(request: HttpRequest): Promise<Pick<ClientLine, "outcome" | "answer">>;
  close(): void;
}

/** Longer than the service's own deadline of 8 s, so that it is the service that must answer. */
const givesUpAfterMs = 12_000;

export function createRequestClient(url: string): RequestClient {
  const client = createPlainClient(url);
  return {
    async ask({ method, path, body, headers }) {
      // Ends the request that is under way: its connection breaks.
      const timer = setTimeout(() => client.close(), givesUpAfterMs);
      const askedAt = performance.now();
      try {
        const { status } = await client.send(method, path, body, headers);
        return { outcome: outcomeOf(status), answer: String(status) };
      } catch (error) {
        const isLate = performance.now() - askedAt >= givesUpAfterMs;
        const isRefused = error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
        const ending = isRefused ? "no connection" : "reset";
        return { outcome: "unknown", answer: isLate ? "no answer" : ending };
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => client.close(),
  };
}

function outcomeOf(status: number): ClientLine["outcome"] {
  if (status >= 200 && status < 300) return "ok";
  return status >= 400 && status < 500 ? "fail" : "unknown";
}

export function createRequest(
  orderId: string,
  { system, way, itemCount, idempotencyKey }: Extract<Step, { kind: "ask-create" }>,
): HttpRequest {
  const headers: Record<string, string> =
    idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey };
  return { method: "POST", headers, ...createBody(orderId, system, way, itemCount) };
}

function createBody(
  orderId: string,
  system: System,
  way: Way,
  itemCount: number,
): Pick<HttpRequest, "path" | "body"> {
  if (way === "trpc")
    return { path: "/trpc/orders.create", body: JSON.stringify({ system, orderId, itemCount }) };
  return system === "A"
    ? { path: "/api/create-order", body: JSON.stringify({ orderId, numItems: itemCount }) }
    : { path: "/create-order", body: JSON.stringify({ orderId, itemsCount: itemCount }) };
}

export function statusRequest(
  orderId: string,
  { system, way, status }: Extract<Step, { kind: "ask-status" }>,
): HttpRequest {
  if (way === "trpc") {
    const body = JSON.stringify({ system, orderId, status });
    return { method: "POST", path: "/trpc/orders.updateStatus", body, headers: {} };
  }
  const path = system === "A" ? "/api/update-order" : "/update-order";
  return { method: "PUT", path, body: JSON.stringify({ orderId, status }), headers: {} };
}

/** A create that must be refused. */
export function wrongRequest(
  orderId: string,
  { system, mistake }: Extract<Step, { kind: "ask-wrongly" }>,
): HttpRequest {
  const good = createBody(orderId, system, "plain", 1);
  const bodies = [
    good.body.replace(/:1\}/, ":-1}"),
    good.body.slice(0, -1),
    good.body.replace("}", ',"unknown":true}'),
    good.body.replace(/:1\}/, ':"one"}'),
  ];
  return { method: "POST", path: good.path, body: bodies[mistake] ?? "", headers: {} };
}
