// How long nobody consumes when an instance dies: until it is back, and until another one takes over. And what an
// instance may still do that was only frozen.
import { afterEach, describe, expect, test } from "bun:test";
import { findFreePort } from "../parts/free-port.ts";
import { type ServiceProcess, spawnService, startService } from "../load/service-process.ts";
import { realEnvironmentAddresses } from "../system/real-environment.ts";
import { type FaultRun, openFaultRun } from "./fault-run.ts";

const addresses = realEnvironmentAddresses();

describe.skipIf(addresses === undefined)("an instance that is gone", () => {
  let run: FaultRun | undefined;
  const started: ServiceProcess[] = [];
  afterEach(async () => {
    await Promise.all(started.map((process) => process.stop()));
    started.length = 0;
    await run?.close();
  }, 30_000);

  async function open(): Promise<FaultRun> {
    if (addresses === undefined) throw new Error("no real parts");
    run = await openFaultRun({ addresses, events: 3000, seed: 3 });
    return run;
  }
  function keep(process: ServiceProcess): ServiceProcess {
    started.push(process);
    return process;
  }

  test("by kill -9 is consuming again within 3 s of its restart", async () => {
    const stage = await open();
    const port = await findFreePort();
    const first = keep(await startService("order", stage.environment, { port }));
    await stage.publish(0, 0.5);
    await stage.untilRead(30_000);
    await first.kill();
    await stage.publish(0.5, 1);
    const restartedAt = performance.now();
    keep(await spawnService("order", stage.environment, { port }));
    await stage.untilRead(20_000);
    expect(performance.now() - restartedAt).toBeLessThan(3000);
  }, 90_000);

  test("by kill -9 is replaced by another one, which has all of its partitions within 12 s", async () => {
    const stage = await open();
    const first = keep(await startService("order", stage.environment));
    keep(await startService("order", stage.environment));
    await stage.publish(0, 0.5);
    await stage.untilRead(30_000);
    const killedAt = performance.now();
    await first.kill();
    await stage.publish(0.5, 1);
    await stage.untilRead(20_000);
    const tookMs = performance.now() - killedAt;
    // Sooner would mean that the one killed had no partition.
    expect(tookMs).toBeGreaterThan(5000);
    expect(tookMs).toBeLessThan(12_000);
  }, 90_000);

  test("because it was frozen past its session changes nothing any more when it wakes", async () => {
    const stage = await open();
    const first = keep(await startService("order", stage.environment));
    keep(await startService("order", stage.environment));
    await stage.publish(0, 0.5);
    first.freeze();
    const frozenAt = performance.now();
    try {
      await stage.publish(0.5, 0.75);
      await stage.untilRead(30_000);
      expect(performance.now() - frozenAt).toBeGreaterThan(5000);
    } finally {
      first.thaw();
    }
    await stage.publish(0.75, 1);
    await stage.untilSettled(60_000);
    expect(await stage.faults()).toEqual([]);
  }, 120_000);
});
