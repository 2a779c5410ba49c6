import { expect, test } from "bun:test";
import { createOrderHealth } from "./order-health.ts";

function stage() {
  const state = { running: true, storeIsThere: true, draining: false };
  const health = createOrderHealth({
    store: {
      async count() {
        if (!state.storeIsThere) throw new Error("away");
        return 3;
      },
      countParked: async () => ({ waiting: 0, behind: 0, dead: 0 }),
    },
    consumers: () => [state],
    worker: {
      state: {
        waitingFor: undefined,
        dlqBlockedBy: undefined,
        breaker: { state: "closed", cause: undefined },
        inbox: 0,
        redelivered: 0,
        dying: 0,
        paused: 0,
      },
    },
    saga: { state: { waitingFor: undefined, blockedBy: undefined } },
    stalls: { stalled: [] },
    hasSchemas: () => true,
    draining: () => state.draining,
  });
  return { state, health };
}

test("is called from when it was ready first, also while the broker is away: reads need the store alone", async () => {
  const { state, health } = stage();
  state.running = false;
  expect(await health.serving()).toBe(false);
  state.running = true;
  expect(await health.serving()).toBe(true);
  state.running = false;
  expect(await health.ready()).toBe(false);
  expect(await health.serving()).toBe(true);
});

test("is not called while the store is away, nor once it drains", async () => {
  const { state, health } = stage();
  expect(await health.serving()).toBe(true);
  state.storeIsThere = false;
  expect(await health.serving()).toBe(false);
  state.storeIsThere = true;
  expect(await health.serving()).toBe(true);
  state.draining = true;
  expect(await health.serving()).toBe(false);
});
