import { describe, expect, test } from "bun:test";
import type { LogFields } from "../service/logger.ts";
import { createEventListener, type ClientEventHandlers } from "./client-config.ts";
import { silentLogger } from "./client-fixtures.ts";

function listen(handlers: Partial<ClientEventHandlers> = {}) {
  const lines: { level: string; message: string; fields?: LogFields | undefined }[] = [];
  const write = (level: string) => (message: string, fields?: LogFields) => {
    lines.push({ level, message, fields });
  };
  const logger = {
    ...silentLogger,
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  };
  const listener = createEventListener(logger, {
    onStatistics: () => undefined,
    onAllBrokersDown: () => undefined,
    onFatal: () => undefined,
    ...handlers,
  });
  return { listener, lines };
}

describe("the events of a client", () => {
  test("log lines keep their severity; a lost connection is a warning", () => {
    const { listener, lines } = listen();
    const kinds = [
      [0, "EMERG"],
      [3, "CONFWARN"],
      [3, "FAIL"],
      [4, "TERMINATE"],
      [6, "GETPID"],
      [7, "SEND"],
    ] as const;
    for (const [severity, fac] of kinds) listener("log", { severity, fac, message: "text" });
    expect(lines.map(({ level }) => level)).toEqual(["error", "error", "warn", "warn", "info", "debug"]);
    expect(lines[2]?.fields).toEqual({ facility: "FAIL", detail: "text" });
  });

  test("lines of one kind that come in a burst are written once", () => {
    const { listener, lines } = listen();
    for (let n = 0; n < 1_000; n += 1) listener("log", { severity: 3, fac: "FAIL", message: `attempt ${n}` });
    expect(lines.length).toBe(1);
  });

  test("a fatal log line and the loss of all brokers are told apart from other errors", () => {
    const told: string[] = [];
    const { listener, lines } = listen({
      onFatal: (message) => told.push(`fatal ${message}`),
      onAllBrokersDown: () => told.push("down"),
      onStatistics: (json) => told.push(json),
    });
    listener("error", { message: "Local: All broker connections are down" });
    listener("log", { severity: 0, fac: "FATAL", message: "why" });
    listener("stats", { message: "{}" });
    listener("error", { message: "Broker: Not coordinator" });
    expect(told).toEqual(["down", "fatal why", "{}"]);
    expect(lines.map(({ level }) => level)).toEqual(["error", "warn"]);
  });

  test.each([
    ["SASL authentication error: Authentication failed due to invalid credentials", "KAFKA_SASL_PASSWORD"],
    ["SSL handshake failed: certificate verify failed: broker certificate", "KAFKA_SSL_CA_FILE"],
    ["Broker: Topic authorization failed", "docs/kafka-acls.md"],
    [
      "Disconnected: connection closed by peer (after 1ms in state APIVERSION_QUERY)",
      "KAFKA_SECURITY_PROTOCOL",
    ],
  ])("%s is told as what a person has to check, whichever way it comes, once", (message, named) => {
    const { listener, lines } = listen();
    listener("log", { severity: 6, fac: "FAIL", message });
    listener("error", { message });
    expect(lines).toHaveLength(1);
    expect(lines[0]?.message).toContain(named);
    expect(lines[0]?.fields?.["detail"]).toBe(message);
  });

  test("a handler that throws does not reach native code", () => {
    const { listener, lines } = listen({
      onStatistics: () => {
        throw new Error("a defect");
      },
    });
    listener("stats", { message: "{}" });
    expect(lines.map(({ message }) => message)).toEqual(["A handler of Kafka client events failed"]);
  });
});
