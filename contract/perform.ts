// Runs a procedure so that its caller always gets a value, in time: a port that hangs answers at the deadline,
// a port that throws becomes `internal`, and what happens after the deadline is still heard, never an
// unhandled rejection.
import type { ContractFailure } from "./errors.ts";
import type { Effect } from "./procedures.ts";
import { failed, type Result } from "./result.ts";

/** Calls `fire` once after `delayMs`, unless the function it returns is called before. */
export interface Timer {
  after(delayMs: number, fire: () => void): () => void;
}

export const wallTimer: Timer = {
  after(delayMs, fire) {
    const handle = setTimeout(fire, delayMs);
    return () => clearTimeout(handle);
  },
};

export interface Conditions {
  /** How long a procedure, and before it the request's body, may take. Below Bun's idle timeout of 10 s. */
  readonly deadlineMs: number;
  readonly timer: Timer;
  /** Hears every exception; must not throw. The client is told the request id and nothing else. */
  readonly onSurprise: (error: unknown, requestId: string) => void;
  /** Aborts when the service stops: what watches without an end ends then. */
  readonly closing?: AbortSignal | undefined;
}

export const defaultDeadlineMs = 8000;

/**
 * The work itself is not cancelled at the deadline: a record handed to the broker cannot be taken back, which is
 * why a write then answers `outcome_unknown` and a read `unavailable`.
 */
export function perform<Value>(
  conditions: Conditions,
  effect: Effect,
  requestId: string,
  work: () => Promise<Result<Value, ContractFailure>>,
): Promise<Result<Value, ContractFailure>> {
  return new Promise((resolve) => {
    const cancelDeadline = conditions.timer.after(conditions.deadlineMs, () =>
      resolve(failed(tooLate(effect, conditions.deadlineMs))),
    );
    const settle = (result: Result<Value, ContractFailure>) => {
      cancelDeadline();
      resolve(result);
    };
    const surprise = (error: unknown) => {
      conditions.onSurprise(error, requestId);
      settle(failed(internalFailure(effect, requestId)));
    };
    try {
      work().then(settle, surprise);
    } catch (error) {
      surprise(error);
    }
  });
}

function tooLate(effect: Effect, deadlineMs: number): ContractFailure {
  const code = effect === "write" ? "outcome_unknown" : "unavailable";
  return { code, message: `No answer within ${deadlineMs / 1000} s.` };
}

export function internalFailure(effect: Effect, requestId: string): ContractFailure {
  const consequence = effect === "write" ? " It may or may not have taken effect." : "";
  return {
    code: "internal",
    message: `The request failed on our side.${consequence} Please report request id ${requestId}.`,
  };
}
