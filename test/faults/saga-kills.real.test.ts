// kill -9 between any two steps of a saga whose order is a promise, and at random, while orders are placed and decided: one
// result an order, the store agrees, and nothing of money and stock is made or lost.
import { describe, expect, test } from "bun:test";
import { realEnvironmentAddresses } from "../system/real-environment.ts";
import { runSagaKills } from "./run-saga-kills.ts";
import { sagaCrashPoints } from "./saga-crash-points.ts";

const addresses = realEnvironmentAddresses();

describe.skipIf(addresses === undefined)("order killed amid sagas", () => {
  test("once at each named point and three times at random during 3,000 orders gives each order one result", async () => {
    if (addresses === undefined) return;
    const report = await runSagaKills({
      addresses,
      orders: 3000,
      kills: 3,
      crashPoints: sagaCrashPoints,
      seed: 11,
    });
    expect(report).toMatchObject({ killed: sagaCrashPoints.length + 3, faults: [] });
    expect(report.answered).toBeGreaterThanOrEqual(3000);
    for (const status of ["CONFIRMED", "REJECTED", "ROLLBACK"]) {
      expect(report.results[status]).toBeGreaterThan(50);
    }
  }, 180_000);
});
