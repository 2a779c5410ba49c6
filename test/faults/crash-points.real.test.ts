// kill -9 between any two steps whose order is a promise, while events flow: order comes back, and the account of every
// single record is exact.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { findFreePort } from "../parts/free-port.ts";
import { spawnService } from "../load/service-process.ts";
import { realEnvironmentAddresses } from "../system/real-environment.ts";
import { type FaultRun, openFaultRun } from "./fault-run.ts";

const addresses = realEnvironmentAddresses();

const crashPoints = [
  "after-poll",
  "before-store-commit",
  "after-store-commit",
  "before-dlq-ack",
  "after-dlq-ack",
  "before-offset-commit",
] as const;
const rounds = 2;
const events = 20_000;

describe.skipIf(addresses === undefined)("order killed at a named point", () => {
  let run: FaultRun;
  beforeAll(async () => {
    if (addresses !== undefined) run = await openFaultRun({ addresses, events, seed: 4 });
  }, 60_000);
  afterAll(async () => {
    await run.close();
  }, 30_000);

  test(`${rounds} times at each of ${crashPoints.length} points during ${events} events loses nothing, doubles nothing and resets no attempt`, async () => {
    const port = await findFreePort();
    const kills = Array.from({ length: rounds }, () => crashPoints).flat();
    for (const [index, point] of kills.entries()) {
      await run.publish(index / kills.length, (index + 1) / kills.length);
      const order = await spawnService("order", { ...run.environment, CRASH_AT: point }, { port });
      expect({ point, ended: await order.ended }).toEqual({ point, ended: "SIGKILL" });
      await run.noteAttempts();
    }
    const order = await spawnService("order", run.environment, { port });
    try {
      await run.untilSettled(60_000);
      expect(await run.faults()).toEqual([]);
    } finally {
      await order.stop();
    }
  }, 180_000);
});
