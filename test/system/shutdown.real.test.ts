// Ctrl-C and SIGTERM under load: what a client was promised is there after a restart, once.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createOrders } from "../load/create-orders.ts";
import { type ServiceProcess, startService } from "../load/service-process.ts";
import { findDifferences, openStoredOrders, type StoredOrders } from "../load/stored-orders.ts";
import { eventually } from "./eventually.ts";
import { realEnvironment } from "./real-environment.ts";

const environment = realEnvironment();

describe.skipIf(environment === undefined)("stopping under load", () => {
  let settings: Readonly<Record<string, string>>;
  let cart: ServiceProcess;
  let order: ServiceProcess;
  let stored: StoredOrders;

  beforeAll(async () => {
    settings = (await environment?.open()) ?? {};
    [cart, order] = await Promise.all([startService("cart", settings), startService("order", settings)]);
    stored = openStoredOrders(settings["DATABASE_URL"] ?? "", "S-");
  }, 90_000);
  afterAll(async () => {
    await stored.close();
    await Promise.all([cart.stop(), order.stop()]);
    await environment?.remove();
  }, 60_000);

  const acknowledged = new Set<string>();
  const unknown = new Set<string>();
  async function createUnderLoad(
    prefix: string,
    interruptAt: number,
    interrupt: () => Promise<void>,
  ): Promise<void> {
    const ids = Array.from({ length: 6000 }, (_, index) => `S-${prefix}-${index}`);
    let interrupting: Promise<void> | undefined;
    const outcome = await createOrders(ids, {
      url: cart.url,
      concurrency: 64,
      onProgress: (done) => {
        if (done >= interruptAt) interrupting ??= interrupt();
      },
    });
    await interrupting;
    expect([...outcome.refused]).toEqual([]);
    for (const id of outcome.acknowledged) acknowledged.add(id);
    for (const id of outcome.unknown) unknown.add(id);
  }

  async function expectAllStoredOnce(): Promise<void> {
    await eventually(async () => {
      expect(findDifferences(await stored.ids(), { acknowledged, unknown })).toEqual([]);
    }, 60_000);
  }

  test("order stops with exit code 0, and after a restart no acknowledged order is missing or doubled", async () => {
    await createUnderLoad("order", 1500, async () => {
      expect(await order.stop()).toBe(0);
      order = await startService("order", settings);
    });
    expect(acknowledged.size).toBe(6000);
    await expectAllStoredOnce();
  }, 120_000);

  test("cart stops with exit code 0, and no order that it acknowledged is missing", async () => {
    const before = acknowledged.size;
    await createUnderLoad("cart", 1500, async () => {
      expect(await cart.stop()).toBe(0);
      cart = await startService("cart", settings);
    });
    expect(acknowledged.size).toBeGreaterThan(before + 1000);
    await expectAllStoredOnce();
  }, 120_000);
});
