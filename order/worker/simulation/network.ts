// How calls between a machine and everything outside fare: how long they take, and which of them go wrong. Nothing goes
// wrong after `heal`.
import type { EventLoop } from "./event-loop.ts";
import type { Random } from "./random.ts";

export type Service = "store" | "dlq" | "registry" | "kafka";

/**
 * `lost`: never arrived. `unanswered`: done, but the caller is told that it failed. `late`: the caller is told that it
 * failed, and it is done some time after. `crash-before` and `crash-after`: the calling machine dies.
 */
export type Fate = "fine" | "lost" | "unanswered" | "late" | "crash-before" | "crash-after";

export interface Network {
  fateOf(service: Service): Fate;
  latencyMs(): number;
  /** Whether a call takes a fifth of a second at most, one way. */
  readonly isQuick: boolean;
  /** Whether calls of the store return within the turn that made them, as those of SQLite do. */
  readonly isStoreLocal: boolean;
  /** Everything that is asked of the service for so long is lost. */
  breakFor(service: Service, durationMs: number): void;
  heal(): void;
}

export function createNetwork(loop: EventLoop, random: Random): Network {
  const brokenUntilMs = new Map<Service, number>();
  const faultRate = random.pick([0, 0, 0.02, 0.08]);
  const crashRate = random.pick([0, 0, 0.005, 0.02]);
  const maxLatencyMs = random.pick([0, 2, 20, 60]);
  const isStoreLocal = random.chance(0.4);
  let healed = false;
  return {
    isStoreLocal,
    isQuick: maxLatencyMs <= 20,
    fateOf(service) {
      if (healed) return "fine";
      if (random.chance(crashRate)) return random.pick(["crash-before", "crash-after"] as const);
      if ((brokenUntilMs.get(service) ?? 0) > loop.nowMs) return "lost";
      if (!random.chance(faultRate)) return "fine";
      // A commit of offsets that arrives after its answer was given up is one of an older position: brokers see it in order.
      return random.pick(
        service === "kafka" ? (["lost", "unanswered"] as const) : (["lost", "unanswered", "late"] as const),
      );
    },
    latencyMs: () =>
      random.chance(0.05) ? random.between(0, maxLatencyMs * 10) : random.between(0, maxLatencyMs),
    breakFor(service, durationMs) {
      brokenUntilMs.set(service, loop.nowMs + durationMs);
    },
    heal() {
      healed = true;
    },
  };
}
