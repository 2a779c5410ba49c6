// Tells bad events from a bad service. When the same unexpected cause fails one order after the other, or half of the
// recent records cannot be decoded, then it is probably not the events: the breaker opens, and instead of burning attempts
// and filling the DLQ, one event at a time is tried, ever more rarely, until one goes well. Pure: time comes in.
//
// What it does not see: infrastructure that is away (that is waited for without a breaker), and business rejections as such
// (a duplicate, an unknown order): they show that the machinery works.

/** How the processing of one record ended; one observation for each attempt, in the order in which they ended. */
export type Observation =
  /** Applied, recognised as done, or rejected for a reason of the business. */
  | { readonly kind: "success" }
  /** An error that nobody expected; `cause` as of `causeKey`, `key` is the order that it met. */
  | { readonly kind: "failure"; readonly cause: string; readonly key: string }
  /** Bytes that are no event. */
  | { readonly kind: "undecodable" };

export interface Breaker {
  /**
   * While open and due for a probe, an observation is the probe's: give it before `permits` is asked again. The attempt of
   * a probe that fails should not be counted; that of an undecodable record should, for it will never be anything
   * else, and a partition of nothing but poison would never end.
   */
  observe(observation: Observation, nowMs: number): void;
  /** How many records may be tried now. */
  permits(nowMs: number): "all" | "one" | "none";
  readonly state: "closed" | "open";
  /** Why it is open. */
  readonly cause: string | undefined;
  /** When one record may be tried; undefined while closed. */
  readonly nextProbeAtMs: number | undefined;
}

export interface BreakerOptions {
  /** Distinct orders that one cause has to meet without a success in between; default 20. */
  readonly maxFailedKeys?: number;
  /** Records over which the share of undecodable ones is taken, once there were as many; default 200. */
  readonly undecodableWindow?: number;
  /** 0 < share ≤ 1; default 0.5. */
  readonly maxUndecodableShare?: number;
  /** Wait before the first probe, default 1,000; doubled with each that fails, up to `maxProbeDelayMs`, default 30,000. */
  readonly firstProbeDelayMs?: number;
  readonly maxProbeDelayMs?: number;
}

/** The service's. Poison comes in bursts, and each record of it is a dead letter of its own: only a long flood is a bad producer. */
export const undecodableFlood = { undecodableWindow: 2000, maxUndecodableShare: 0.9 } as const;

interface Opening {
  readonly trigger: "cause" | "undecodable";
  readonly cause: string;
  readonly probeDelayMs: number;
  readonly nextProbeAtMs: number;
}

/** Causes told apart at once; the one that came up longest ago is forgotten first. */
const maxCauses = 50;

export function createBreaker(options: BreakerOptions = {}): Breaker {
  const { maxFailedKeys = 20, undecodableWindow = 200, maxUndecodableShare = 0.5 } = options;
  const { firstProbeDelayMs = 1000, maxProbeDelayMs = 30_000 } = options;
  /** Orders that each cause has met since the last success. */
  const failedKeys = new Map<string, Set<string>>();
  const recent = createShareWindow(undecodableWindow);
  let opening: Opening | undefined;

  function open(trigger: Opening["trigger"], cause: string, nowMs: number): void {
    opening = { trigger, cause, probeDelayMs: firstProbeDelayMs, nextProbeAtMs: nowMs + firstProbeDelayMs };
  }

  function close(): void {
    opening = undefined;
    failedKeys.clear();
    recent.clear();
  }

  function wait(from: Opening, cause: string, nowMs: number): void {
    const probeDelayMs = Math.min(maxProbeDelayMs, from.probeDelayMs * 2);
    opening = { trigger: from.trigger, cause, probeDelayMs, nextProbeAtMs: nowMs + probeDelayMs };
  }

  function observeClosed(observation: Observation, nowMs: number): void {
    if (observation.kind === "success") failedKeys.clear();
    if (observation.kind === "failure") {
      const { cause, key } = observation;
      if (countKey(cause, key) >= maxFailedKeys) {
        open("cause", cause, nowMs);
        return;
      }
    }
    recent.add(observation.kind === "undecodable");
    if (recent.isFull && recent.share >= maxUndecodableShare)
      open("undecodable", "records cannot be decoded", nowMs);
  }

  function countKey(cause: string, key: string): number {
    const keys = failedKeys.get(cause) ?? new Set();
    // Back in as the latest one.
    failedKeys.delete(cause);
    failedKeys.set(cause, keys.add(key));
    const [oldest] = failedKeys.keys();
    if (failedKeys.size > maxCauses && oldest !== undefined) failedKeys.delete(oldest);
    return keys.size;
  }

  function observeProbe(from: Opening, observation: Observation, nowMs: number): void {
    switch (observation.kind) {
      case "success":
        close();
        return;
      case "failure":
        // Its bytes were an event, which is what a flood of undecodable records waits for.
        if (from.trigger === "undecodable") {
          close();
          observeClosed(observation, nowMs);
        } else wait(from, observation.cause, nowMs);
        return;
      case "undecodable":
        // Says nothing about a failing machinery: the next record may be tried at once.
        if (from.trigger === "undecodable") wait(from, from.cause, nowMs);
    }
  }

  return {
    observe(observation, nowMs) {
      if (opening === undefined) observeClosed(observation, nowMs);
      // What ends before a probe is due began before the breaker opened.
      else if (nowMs >= opening.nextProbeAtMs) observeProbe(opening, observation, nowMs);
    },
    permits(nowMs) {
      if (opening === undefined) return "all";
      return nowMs >= opening.nextProbeAtMs ? "one" : "none";
    },
    get state() {
      return opening === undefined ? "closed" : "open";
    },
    get cause() {
      return opening?.cause;
    },
    get nextProbeAtMs() {
      return opening?.nextProbeAtMs;
    },
  };
}

/** How many of the last `size` were hits. */
function createShareWindow(size: number) {
  let seen: boolean[] = [];
  let next = 0;
  let hits = 0;
  return {
    add(isHit: boolean): void {
      if (seen[next] === true) hits -= 1;
      if (isHit) hits += 1;
      seen[next] = isHit;
      next = (next + 1) % size;
    },
    clear(): void {
      seen = [];
      next = 0;
      hits = 0;
    },
    get isFull(): boolean {
      return seen.length === size;
    },
    get share(): number {
      return hits / size;
    },
  };
}
