// PostgreSQL or Kafka stopped for a while, on servers of the suite's own: nothing is dead-lettered for it, no attempt is
// burnt, health says so, and everything is settled soon after they are back. OUTAGE_SECONDS makes them longer.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ServiceProcess, startService } from "../load/service-process.ts";
import type { Part } from "../parts/part.ts";
import { type RealParts, startParts } from "../parts/parts.ts";
import { eventually } from "../system/eventually.ts";
import { callHttp } from "../system/http-call.ts";
import { realEnvironmentAddresses } from "../system/real-environment.ts";
import { type FaultRun, openFaultRun } from "./fault-run.ts";

const outageMs = Number(process.env["OUTAGE_SECONDS"] ?? "10") * 1000;
const settledWithinMs = 30_000;

describe.skipIf(realEnvironmentAddresses() === undefined)(`an outage of ${outageMs / 1000} s`, () => {
  let parts: RealParts;
  let run: FaultRun;
  let cart: ServiceProcess;
  let order: ServiceProcess;

  beforeAll(async () => {
    parts = await startParts();
    run = await openFaultRun({ addresses: parts.environment, events: 10_000, seed: 5 });
    [cart, order] = await Promise.all([
      startService("cart", run.environment),
      startService("order", run.environment),
    ]);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([cart.stop(), order.stop()]);
    await run.close();
    await parts.close();
  }, 60_000);

  const statusOf = async (url: string) => (await fetch(url, { signal: AbortSignal.timeout(9000) })).status;
  const untilHealth = (status: number) =>
    eventually(async () => expect(await statusOf(`${order.url}/health`)).toBe(status), settledWithinMs);

  /** Stops a part, looks at what goes on until its time is over, and starts it again. */
  async function outageOf(part: Part, meanwhile: () => Promise<void>): Promise<void> {
    const untilMs = performance.now() + outageMs;
    await part.stop();
    await untilHealth(503);
    do await meanwhile();
    while (performance.now() < untilMs);
    await part.restart();
  }

  /** The part has just come back. */
  async function expectAllSettled(): Promise<void> {
    const backAt = performance.now();
    await untilHealth(200);
    await run.untilSettled(settledWithinMs);
    expect(performance.now() - backAt).toBeLessThan(settledWithinMs);
    await run.noteAttempts();
  }

  test("of PostgreSQL burns no attempt and dead-letters nothing; health is red, then green, and all is settled within 30 s", async () => {
    await run.publish(0, 0.25);
    await eventually(async () => expect((await run.progress()).settled).toBeGreaterThan(0), 30_000);
    await run.noteAttempts();
    await outageOf(parts.postgres, async () => {
      if ((await statusOf(`${order.url}/order-details?orderId=O-1`)) !== 503)
        throw new Error("a read was not 503");
      expect(await statusOf(`${order.url}/health/live`)).toBe(200);
      await run.publish(0.25, 0.25);
    });
    await run.publish(0.25, 0.5);
    await expectAllSettled();
  }, 180_000);

  test("of Kafka leaves reads as they are and answers creates with 503; all is settled within 30 s of its return", async () => {
    await run.publish(0.5, 0.75);
    await run.noteAttempts();
    let refused = 0;
    await outageOf(parts.kafka, async () => {
      expect(await statusOf(`${order.url}/order-details?orderId=O-1`)).toBe(200);
      const body = { orderId: `X-${refused}`, itemsCount: 1 };
      expect((await callHttp("POST", `${cart.url}/create-order`, body)).status).toBe(503);
      refused += 1;
    });
    expect(refused).toBeGreaterThan(0);
    await run.publish(0.75, 1);
    await expectAllSettled();
  }, 180_000);

  test("leaves an exact account: every record has one end, and no attempt was lost or added", async () => {
    expect(await run.faults()).toEqual([]);
  }, 60_000);
});
