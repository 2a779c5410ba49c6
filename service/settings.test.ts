import { describe, expect, test } from "bun:test";
import { readSettings } from "./settings.ts";

describe("settings", () => {
  test("nothing set means the embedded parts on loopback", () => {
    const settings = readSettings({});
    expect(settings).toMatchObject({
      ok: true,
      value: {
        HOST: "127.0.0.1",
        CART_PORT: 8000,
        ORDER_PORT: 8001,
        DLQ_MAX_RETRIES: 3,
        DLQ_RETRY_BACKOFF_MS: 1000,
      },
    });
  });

  test("every fault is reported at once, by the variable's name", () => {
    const settings = readSettings({ CART_PORT: "80x", LOG_LEVEL: "loud", KAFKA_BROKERS: "no-port" });
    if (settings.ok) throw new Error("faulty settings were accepted");
    expect(settings.faults.map((fault) => fault.split(" ")[0])).toEqual([
      "CART_PORT",
      "KAFKA_BROKERS",
      "LOG_LEVEL",
    ]);
  });

  test("a password in a faulty URL is masked", () => {
    const settings = readSettings({ DATABASE_URL: "mysql://root:hunter2@db/orders" });
    if (settings.ok) throw new Error("a faulty URL was accepted");
    expect(settings.faults.join()).not.toContain("hunter2");
  });

  test("a real cluster needs a registry and a store that outlive the process", () => {
    const settings = readSettings({ KAFKA_BROKERS: "localhost:9092" });
    if (settings.ok) throw new Error("an in-memory store beside committed offsets was accepted");
    expect(settings.faults).toHaveLength(2);
  });

  test("the join's window is an ISO 8601 duration, told in milliseconds", () => {
    expect(readSettings({})).toMatchObject({ value: { SAGA_JOIN_WINDOW: 10_000 } });
    expect(readSettings({ SAGA_JOIN_WINDOW: "PT1M0.5S" })).toMatchObject({
      value: { SAGA_JOIN_WINDOW: 60_500 },
    });
    for (const window of ["10", "PT0S", "P1DT1S", "P1M"]) {
      expect(readSettings({ SAGA_JOIN_WINDOW: window })).toEqual({
        ok: false,
        faults: [
          `SAGA_JOIN_WINDOW must be an ISO 8601 duration such as PT10S, at most P1D (it is "${window}").`,
        ],
      });
    }
  });

  test("no two settings may name the same topic", () => {
    expect(readSettings({ SAGA_STOCK_TOPIC: "payment-orders" })).toEqual({
      ok: false,
      faults: [
        'SAGA_PAYMENT_TOPIC and SAGA_STOCK_TOPIC name the same topic "payment-orders": each needs its own.',
      ],
    });
    expect(readSettings({ SAGA_DLQ_TOPIC: "order-events-dlq" }).ok).toBe(false);
  });

  test("an empty variable counts as unset", () => {
    expect(readSettings({ CART_PORT: "", KAFKA_BROKERS: " " })).toMatchObject({
      ok: true,
      value: { CART_PORT: 8000 },
    });
  });
});
