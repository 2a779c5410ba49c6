// A stream of what something has come to: told at once, then whenever it has changed. Each value has an id, so that a client
// which reconnects with the last one is told only what it has missed.
import { tracked } from "@trpc/server";
import type { ContractFailure } from "./errors.ts";
import { reportFailure } from "./errors.ts";
import type { Timer } from "./perform.ts";
import type { Result } from "./result.ts";
import { rpcErrorOf } from "./rpc-errors.ts";
import { stopping } from "./streams.ts";

export interface Watched<Value> {
  readonly read: () => Promise<Result<Value, ContractFailure>>;
  /** Equal for values between which nothing is to be told; short, without line ends. */
  readonly idOf: (value: Value) => string;
  /** Whether nothing comes after it. */
  readonly isLast?: (value: Value) => boolean;
  readonly lastEventId: string | undefined;
  /** When nobody listens any more. */
  readonly signal: AbortSignal | undefined;
}

const lookMs = 500;

/**
 * What cannot be told for now is waited out; anything else ends the stream with its error. So does `closing`, with one after
 * which clients come back.
 */
export function watcher(timer: Timer, closing?: AbortSignal) {
  return async function* watch<Value>({ read, idOf, isLast, lastEventId, signal }: Watched<Value>) {
    let told = lastEventId;
    while (signal?.aborted !== true) {
      if (closing?.aborted === true) throw rpcErrorOf(stopping);
      const result = await read();
      if (!result.ok && !reportFailure(result.failure).retryable) throw rpcErrorOf(result.failure);
      if (result.ok) {
        const id = idOf(result.value);
        if (id !== told) yield tracked(id, result.value);
        told = id;
        if (isLast?.(result.value) === true) return;
      }
      await pause(timer, [signal, closing]);
    }
  };
}

function pause(timer: Timer, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      for (const signal of signals) signal?.removeEventListener("abort", end);
      resolve();
    };
    const cancel = timer.after(lookMs, end);
    for (const signal of signals) signal?.addEventListener("abort", end);
  });
}
