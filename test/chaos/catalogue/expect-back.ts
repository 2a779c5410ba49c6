// What is expected of order once its store is back: healthy again, and all that was published read.
import type { Stage } from "../stage.ts";
import type { Checks } from "./checks.ts";

/** Resolves with the milliseconds that it took. */
export async function expectBack(checks: Checks, stage: Stage): Promise<number> {
  const backAt = performance.now();
  await checks.expectSoon(
    "order is healthy again",
    async () => (await stage.orders[0].statusOf("/health")) === 200,
    60_000,
  );
  await checks.caughtUp();
  return performance.now() - backAt;
}
