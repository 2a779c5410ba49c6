// Typed clients of both services, for programs and browsers: a wrong call does not compile, calls made in the same
// tick travel together (10 at most), and errors are read with `readContractError`.
import {
  createTRPCClient,
  httpBatchLink,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  type Operation,
  type TRPCLink,
} from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import { idempotencyKeyHeader, maxBatchCalls } from "./protocol.ts";
import type { CartRouter, OrderRouter } from "./routers.ts";

export interface ClientOptions {
  /** API key, sent with every request as `Authorization: Bearer`; a function is asked before each. */
  readonly key?: string | (() => string | undefined);
  /** Sent with every request; a function is asked before each. */
  readonly headers?: HeaderFields | (() => HeaderFields);
  /** Default: the platform's `fetch`. */
  readonly fetch?: (url: string | URL | Request, init?: RequestInit) => Promise<Response>;
}
type HeaderFields = Readonly<Record<string, string>>;

export type CartClient = ReturnType<typeof createTRPCClient<CartRouter>>;
export type OrderClient = ReturnType<typeof createTRPCClient<OrderRouter>>;

/** `url` is where the cart service listens, such as `http://127.0.0.1:8000`. */
export function createCartClient(url: string, options: ClientOptions = {}): CartClient {
  return createTRPCClient<CartRouter>({ links: [transport(url, options)] });
}

/** `url` is where the order service listens, such as `http://127.0.0.1:8001`. */
export function createOrderClient(url: string, options: ClientOptions = {}): OrderClient {
  return createTRPCClient<OrderRouter>({ links: [transport(url, options)] });
}

/**
 * Second argument of a mutation: `cart.orders.create.mutate(order, withIdempotencyKey(key))`. Repeating the call with
 * the same key creates the order once. `key`: 1 to 255 visible ASCII characters.
 */
export function withIdempotencyKey(key: string): { context: { idempotencyKey: string } } {
  return { context: { idempotencyKey: key } };
}

/** The key is a header, one for the whole request: a call that has one travels alone. */
function transport(url: string, options: ClientOptions): TRPCLink<AnyTRPCRouter> {
  const endpoint = `${url.replace(/\/+$/, "")}/trpc`;
  // tRPC's own type for `init` is not RequestInit but a part of it, with undefined where the platform wants absence.
  const send = (target: string | URL | Request, init?: object) => (options.fetch ?? fetch)(target, init);
  const calls = splitLink({
    condition: (operation) => idempotencyKeyOf(operation) !== undefined,
    true: httpLink({
      url: endpoint,
      fetch: send,
      headers: ({ op }) => headersOf(options, idempotencyKeyOf(op)),
    }),
    false: httpBatchLink({
      url: endpoint,
      fetch: send,
      maxItems: maxBatchCalls,
      // Servers refuse long request lines; a longer batch is split.
      maxURLLength: 4000,
      headers: () => headersOf(options, undefined),
    }),
  });
  // A stream, by the platform's EventSource: browsers have one, and reconnect where they were.
  // It sends no headers: where keys are needed, a page's sign-in cookie is what lets it in.
  const streams = httpSubscriptionLink({ url: endpoint });
  return splitLink({ condition: ({ type }) => type === "subscription", true: streams, false: calls });
}

function idempotencyKeyOf(operation: Operation): string | undefined {
  const key = operation.context["idempotencyKey"];
  return typeof key === "string" ? key : undefined;
}

function headersOf(
  { headers = {}, key }: ClientOptions,
  idempotencyKey: string | undefined,
): Record<string, string> {
  const own = typeof headers === "function" ? headers() : headers;
  const apiKey = typeof key === "function" ? key() : key;
  return {
    ...own,
    ...(apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` }),
    ...(idempotencyKey === undefined ? {} : { [idempotencyKeyHeader]: idempotencyKey }),
  };
}
