// What stands between the network and the routes, as a service configures it: who is let in, from where, how often and how many at
// once. Without guards an application serves whoever calls it: that is for tests.
import type { Caller } from "../access.ts";

/** Whose a key is. Takes as long for a key that is nearly right as for one that is not. */
export interface KeyRing {
  identify(key: string): Caller | undefined;
}

export interface Guards {
  /** Absent: nobody needs a key. Only for a service that listens on loopback. */
  readonly keys?: KeyRing;
  /**
   * Names that the service may be called by, beside `localhost` and addresses; `any` where keys are needed, because a page under
   * a name that was rebound has no key to send.
   */
  readonly allowedHosts: ReadonlySet<string> | "any";
  /** Origins such as `https://shop.example` whose pages may call: they get CORS headers, never a cookie's rights. */
  readonly allowedOrigins: ReadonlySet<string>;
  /** For each key, or each remote address where no keys are needed; a call in a batch counts as one. */
  readonly requestsPerSecond: number;
  /** Requests at once; beyond it 503. */
  readonly maxInFlight: number;
  /** Streams at once; beyond it 503. */
  readonly maxStreams: number;
  /** Whether the service itself speaks TLS. */
  readonly tls: boolean;
  /** Milliseconds of a clock that never goes back. */
  readonly nowMs: () => number;
  /** Hears of what was refused and why; must not throw. */
  readonly onRefused: (refusal: Refusal) => void;
}

export interface Refusal {
  readonly kind: "host" | "origin" | "no key" | "unknown key" | "rate" | "too many at once";
  readonly remoteAddress: string;
}

/** What the guards found out about a request that they let in. */
export interface Admission {
  readonly caller?: Caller;
  /** For what is open and asks for a key itself. */
  readonly remoteAddress?: () => string;
}
