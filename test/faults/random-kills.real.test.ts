// kill -9 at random moments, of one instance and among three that join and leave: the account of every record is exact.
// In larger sizes by hand: kill-run.ts.
import { describe, expect, test } from "bun:test";
import { realEnvironmentAddresses } from "../system/real-environment.ts";
import { runKills } from "./run-kills.ts";

const addresses = realEnvironmentAddresses();

describe.skipIf(addresses === undefined)("order killed at random", () => {
  test("ten times during 100,000 events loses nothing, doubles nothing, resets no attempt and reads nothing again that the store has", async () => {
    if (addresses === undefined) return;
    const report = await runKills({ addresses, events: 100_000, kills: 10, instances: 1, seed: 7 });
    expect(report).toMatchObject({ killed: 10, faults: [] });
    expect(report.mostRepeats).toBe(0);
  }, 240_000);

  test("three instances on one PostgreSQL that are killed, leave and join again share the work without a loss or a double effect", async () => {
    if (addresses === undefined) return;
    const report = await runKills({ addresses, events: 30_000, kills: 4, instances: 3, seed: 8 });
    expect(report).toMatchObject({ killed: 4, faults: [] });
    expect(report.left).toBeGreaterThan(0);
  }, 240_000);
});
