// Waits that somebody else can end early: a revoke or a stop must not wait for a backoff.
import type { Clock } from "../../service/clock.ts";

export interface WaitingRoom {
  wait(durationMs: number): Promise<void>;
  /** Ends every wait now. */
  endAll(): void;
}

export function createWaitingRoom(clock: Clock): WaitingRoom {
  const waits = new Set<() => void>();
  return {
    wait(durationMs) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const end = () => {
        waits.delete(end);
        cancel();
        resolve();
      };
      const cancel = clock.after(durationMs, end);
      waits.add(end);
      return promise;
    },
    endAll() {
      for (const end of waits) end();
    },
  };
}
