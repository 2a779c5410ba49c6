// What a fault finds, gathered while it runs: each expectation once, held or not, with what was seen instead. An expectation
// that cannot be looked at is one that did not hold.
import type { Expectation, FaultReport } from "../fault.ts";
import type { Stage } from "../stage.ts";

export interface Checks {
  expect(what: string, held: boolean, seen?: unknown): void;
  /** Held when `check` says so within the time; resolves with whether it did. */
  expectSoon(what: string, check: () => Promise<boolean> | boolean, withinMs: number): Promise<boolean>;
  /** Held when `look` comes to its end; what it throws is what was seen. */
  expectThat(what: string, look: () => Promise<void>): Promise<void>;
  /** Held when all that is published now is read within the time; resolves with the milliseconds that it took. */
  caughtUp(withinMs?: number): Promise<number>;
  report(bit: boolean, recoveredMs?: number): FaultReport;
}

const caughtUpWithinMs = 90_000;

export function createChecks(stage: Pick<Stage, "until" | "untilCaughtUp">): Checks {
  const expectations: Expectation[] = [];

  function expect(what: string, held: boolean, seen?: unknown): void {
    expectations.push({ what, held, ...(held || seen === undefined ? {} : { detail: describe(seen) }) });
  }

  return {
    expect,
    async expectSoon(what, check, withinMs) {
      let seen: unknown;
      // What cannot be looked at yet may be a moment later.
      const look = async () => {
        try {
          return await check();
        } catch (error) {
          seen = error;
          return false;
        }
      };
      const held = await stage.until(what, look, withinMs).then(
        () => true,
        () => false,
      );
      expect(what, held, seen ?? `not within ${withinMs} ms`);
      return held;
    },
    async expectThat(what, look) {
      const failure = await look().then(
        () => undefined,
        (error: unknown) => error ?? "it threw nothing",
      );
      expect(what, failure === undefined, failure);
    },
    async caughtUp(withinMs = caughtUpWithinMs) {
      const startedAt = performance.now();
      const failure = await stage.untilCaughtUp(withinMs).then(
        () => undefined,
        (error: unknown) => error ?? "it threw nothing",
      );
      expect("all that was published was read again", failure === undefined, failure);
      return performance.now() - startedAt;
    },
    report: (bit, recoveredMs) => ({
      bit,
      expectations,
      ...(recoveredMs === undefined ? {} : { recoveredMs }),
    }),
  };
}

function describe(seen: unknown): string {
  if (seen instanceof Error) return seen.message.slice(0, 1000);
  return (typeof seen === "string" ? seen : JSON.stringify(seen)).slice(0, 1000);
}
