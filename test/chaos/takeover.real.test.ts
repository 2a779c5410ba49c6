// How long nobody consumes when an instance dies: until it is back, and until another one takes over.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RealParts, startParts } from "../parts/parts.ts";
import { realEnvironmentAddresses } from "../system/real-environment.ts";
import { openStage, type OpenStage } from "./open-stage.ts";
import { createRecord } from "./write-step.ts";

const orders = 1000;

describe.skipIf(realEnvironmentAddresses() === undefined)("an instance that is gone", () => {
  let parts: RealParts;
  let stage: OpenStage | undefined;
  const directory = mkdtempSync(join(tmpdir(), "orderwire-takeover-"));
  beforeAll(async () => {
    parts = await startParts();
  }, 60_000);
  afterEach(async () => {
    await stage?.close();
  }, 30_000);
  afterAll(async () => {
    await parts.close();
    rmSync(directory, { recursive: true, force: true });
  }, 30_000);

  /** Some orders are read; nothing comes by itself. */
  async function open(instances: number): Promise<OpenStage> {
    stage = await openStage({ parts, directory, seed: 3, instances, ordersPerSecond: 0, sagasPerSecond: 0 });
    await write(stage, "first");
    await stage.untilCaughtUp(30_000);
    return stage;
  }

  function write(on: OpenStage, name: string) {
    return on.publish(
      Array.from({ length: orders }, (_, index) => createRecord(on.writer, `${name}-${index}`, "B")),
    );
  }

  test("by kill -9 is consuming again within 3 s of its restart", async () => {
    const opened = await open(1);
    const [order] = opened.orders;
    await order.kill();
    await write(opened, "second");
    const restartedAt = performance.now();
    await order.start();
    await opened.untilCaughtUp(20_000);
    expect(performance.now() - restartedAt).toBeLessThan(3000);
  }, 90_000);

  test("by kill -9 is replaced by another one, which has all of its partitions within 12 s", async () => {
    const opened = await open(2);
    const [order] = opened.orders;
    const killedAt = performance.now();
    await order.kill();
    await write(opened, "second");
    await opened.untilCaughtUp(20_000);
    const tookMs = performance.now() - killedAt;
    // Sooner would mean that the one killed had no partition.
    expect(tookMs).toBeGreaterThan(5000);
    expect(tookMs).toBeLessThan(12_000);
  }, 90_000);
});
