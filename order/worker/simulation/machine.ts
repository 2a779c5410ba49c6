// A process of the service as the outside sees it: it calls, it waits, it may stop for a while, and it may die at any
// call. Once dead nothing of it goes on; what it had asked for may still be done.
import type { Clock } from "../../../service/clock.ts";
import type { EventLoop } from "./event-loop.ts";
import type { Network, Service } from "./network.ts";
import type { Random } from "./random.ts";
import { Violation } from "./violation.ts";

export interface Machine {
  readonly name: string;
  readonly isAlive: boolean;
  readonly isPaused: boolean;
  /** Until when it was last paused. */
  readonly pausedUntilMs: number;
  readonly clock: Clock;
  /** Runs the action on this machine: never when it is dead, later while it is paused. */
  after(delayMs: number, action: () => void): () => void;
  /** `work` is done elsewhere, at once or later; `failure` makes what the caller is told when the call went wrong. */
  call<Answer>(service: Service, work: () => Answer, failure: () => Answer): Promise<Answer>;
  crash(): void;
  pause(durationMs: number): void;
  resume(): void;
}

export interface MachineOptions {
  readonly name: string;
  readonly loop: EventLoop;
  readonly network: Network;
  readonly random: Random;
  readonly onCrash: () => void;
  /** A violation found during a call: code under test must not be able to swallow it. */
  readonly onViolation: (violation: Violation) => void;
}

/** Far above what a run needs; a loop that asks again and again without time passing ends here. */
const maxCallsOfInstant = 2000;

export function createMachine(options: MachineOptions): Machine {
  const { name, loop, network, random } = options;
  let isAlive = true;
  let pausedUntilMs = 0;
  let instantMs = 0;
  let callsOfInstant = 0;

  const never = <Answer>() => new Promise<Answer>(() => undefined);
  const isPaused = () => pausedUntilMs > loop.nowMs;

  function after(delayMs: number, action: () => void): () => void {
    let cancel: () => void = () => undefined;
    const run = () => {
      if (!isAlive) return;
      if (isPaused()) cancel = loop.after(pausedUntilMs - loop.nowMs, run);
      else action();
    };
    cancel = loop.after(delayMs, run);
    return () => cancel();
  }

  function crash(): void {
    if (!isAlive) return;
    isAlive = false;
    options.onCrash();
  }

  function isCallTooMany(): boolean {
    if (instantMs !== loop.nowMs) callsOfInstant = 0;
    instantMs = loop.nowMs;
    callsOfInstant += 1;
    return callsOfInstant > maxCallsOfInstant;
  }

  /** A violation ends the run; whatever else is thrown is the callee's answer. */
  function attempt<Answer>(work: () => Answer): { value: Answer } | { error: unknown } | undefined {
    try {
      return { value: work() };
    } catch (error) {
      if (!(error instanceof Violation)) return { error };
      options.onViolation(error);
      return undefined;
    }
  }

  async function answer<Answer>(work: () => Answer, hops: number): Promise<Answer> {
    for (let hop = 0; hop < hops; hop += 1) await Promise.resolve();
    return work();
  }

  return {
    name,
    get isAlive() {
      return isAlive;
    },
    get isPaused() {
      return isPaused();
    },
    get pausedUntilMs() {
      return pausedUntilMs;
    },
    clock: { nowMs: () => loop.nowMs, after },
    after,
    call<Answer>(service: Service, work: () => Answer, failure: () => Answer): Promise<Answer> {
      if (!isAlive) return never();
      if (isCallTooMany()) {
        options.onViolation(
          new Violation(`busy loop: ${name} calls the ${service} again and again at one instant`),
        );
        crash();
        return never();
      }
      const fate = network.fateOf(service);
      if (fate === "crash-before") {
        crash();
        return never();
      }
      const hops = random.between(0, 3);
      if (service === "store" && network.isStoreLocal && fate === "fine") {
        const outcome = attempt(work);
        if (outcome === undefined) return never();
        return answer(() => {
          if ("error" in outcome) throw outcome.error;
          return outcome.value;
        }, hops);
      }
      return new Promise<Answer>((resolve, reject) => {
        const respond = (give: () => Answer) =>
          after(network.latencyMs(), () => void answer(give, hops).then(resolve, reject));
        loop.after(network.latencyMs(), () => {
          const outcome = fate === "lost" || fate === "late" ? undefined : attempt(work);
          if (fate === "crash-after") crash();
          if (fate === "late") loop.after(random.between(0, 3000), () => void attempt(work));
          if (fate !== "fine") respond(failure);
          else if (outcome !== undefined) {
            respond(() => {
              if ("error" in outcome) throw outcome.error;
              return outcome.value;
            });
          }
        });
      });
    },
    crash,
    pause(durationMs) {
      // Never shortened: what waits for the end of a pause is due when it was to end.
      pausedUntilMs = Math.max(pausedUntilMs, loop.nowMs + durationMs);
    },
    resume() {
      pausedUntilMs = Math.min(pausedUntilMs, loop.nowMs);
    },
  };
}
