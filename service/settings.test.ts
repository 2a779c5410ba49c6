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

  test("cart alone needs a registry and no database", () => {
    const cart = readSettings({ KAFKA_BROKERS: "localhost:9092" }, { keepsOrders: false });
    if (cart.ok) throw new Error("schema ids that nobody else has were accepted");
    expect(cart.faults.map((fault) => fault.split(" ")[0])).toEqual(["SCHEMA_REGISTRY_URL"]);
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

  test("an address that others can reach needs API keys, and loopback does not", () => {
    const open = readSettings({ HOST: "0.0.0.0" });
    expect(open).toEqual({
      ok: false,
      faults: [
        'HOST is "0.0.0.0", which others can reach, and there are no API keys: make one with `bun run keys -- add --role admin --name you --file api-keys` and set API_KEYS_FILE=api-keys, or leave HOST at 127.0.0.1.',
      ],
    });
    for (const HOST of [
      "::",
      "10.0.0.7",
      "orders.example",
      "localhost.example",
      "127.0.0.1.example",
      "[::]",
    ]) {
      expect([HOST, readSettings({ HOST }).ok]).toEqual([HOST, false]);
      expect(readSettings({ HOST, API_KEYS_FILE: "keys" }).ok).toBe(true);
    }
    for (const HOST of ["127.0.0.1", "127.8.8.8", "localhost", "::1"])
      expect(readSettings({ HOST }).ok).toBe(true);
  });

  test("hosts and origins are lists in their own form, and TLS needs both files, the registry both words", () => {
    expect(
      readSettings({ ALLOWED_HOSTS: "a.example, b", ALLOWED_ORIGINS: "https://a.example:8443" }).ok,
    ).toBe(true);
    for (const wrong of [
      { ALLOWED_HOSTS: "https://a.example" },
      { ALLOWED_HOSTS: "a.example:80" },
      { ALLOWED_ORIGINS: "a.example" },
      { ALLOWED_ORIGINS: "https://a.example/" },
      { ALLOWED_ORIGINS: "*" },
      { TLS_CERT_FILE: "cert.pem" },
      { TLS_KEY_FILE: "key.pem" },
      { SCHEMA_REGISTRY_USERNAME: "orders" },
      { SCHEMA_REGISTRY_PASSWORD: "hunter2" },
    ]) {
      expect([wrong, readSettings(wrong).ok]).toEqual([wrong, false]);
    }
  });

  test("an empty variable counts as unset", () => {
    expect(readSettings({ CART_PORT: "", KAFKA_BROKERS: " " })).toMatchObject({
      ok: true,
      value: { CART_PORT: 8000 },
    });
  });
});
