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
import { EventSource as PortableEventSource } from "eventsource";
import { idempotencyKeyHeader, maxBatchCalls } from "./protocol.ts";
import type { CartRouter, OrderRouter } from "./routers.ts";

export interface ClientOptions {
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

/** Longer ones do not fit a request line, and travel as a body. */
const longestInQuery = 1500;

/** For a call that takes its time: the others of the same tick do not wait for it. */
export const travelsAlone = { context: { travelsAlone: true } } as const;

/** The key is a header, one for the whole request: a call that has one travels alone. */
function transport(url: string, options: ClientOptions): TRPCLink<AnyTRPCRouter> {
  const endpoint = `${url.replace(/\/+$/, "")}/trpc`;
  // tRPC's own type for `init` is not RequestInit but a part of it, with undefined where the platform wants absence.
  const send = (target: string | URL | Request, init?: object) => (options.fetch ?? fetch)(target, init);
  const calls = splitLink({
    condition: (operation) =>
      idempotencyKeyOf(operation) !== undefined ||
      operation.context["travelsAlone"] === true ||
      isLong(operation),
    true: splitLink({
      condition: isLong,
      true: httpLink({
        url: endpoint,
        fetch: send,
        methodOverride: "POST",
        headers: ({ op }) => headersOf(options, idempotencyKeyOf(op)),
      }),
      false: httpLink({
        url: endpoint,
        fetch: send,
        headers: ({ op }) => headersOf(options, idempotencyKeyOf(op)),
      }),
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
  const streams = httpSubscriptionLink({ url: endpoint, ...eventSourceOf(options, send) });
  return splitLink({ condition: ({ type }) => type === "subscription", true: streams, false: calls });
}

/**
 * Streams reconnect where they were. Browsers have an EventSource, which sends no headers; Bun has none. The portable one is made
 * of `fetch`.
 */
function eventSourceOf(
  options: ClientOptions,
  send: (target: string | URL | Request, init?: object) => Promise<Response>,
) {
  if (options.headers === undefined && globalThis.EventSource !== undefined) return {};
  return {
    EventSource: PortableEventSource,
    eventSourceOptions: {
      fetch: (url: string | URL, init: { readonly headers?: object }) =>
        send(url, { ...init, headers: { ...init.headers, ...headersOf(options, undefined) } }),
    },
  };
}

function isLong({ type, input }: Operation): boolean {
  return type === "query" && (JSON.stringify(input) ?? "").length > longestInQuery;
}

function idempotencyKeyOf(operation: Operation): string | undefined {
  const key = operation.context["idempotencyKey"];
  return typeof key === "string" ? key : undefined;
}

function headersOf({ headers = {} }: ClientOptions, key: string | undefined): Record<string, string> {
  const own = typeof headers === "function" ? headers() : headers;
  return key === undefined ? { ...own } : { ...own, [idempotencyKeyHeader]: key };
}
