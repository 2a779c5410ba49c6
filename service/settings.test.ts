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

  test("an empty variable counts as unset", () => {
    expect(readSettings({ CART_PORT: "", KAFKA_BROKERS: " " })).toMatchObject({
      ok: true,
      value: { CART_PORT: 8000 },
    });
  });
});
