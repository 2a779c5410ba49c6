import { expect, test } from "bun:test";
import { createLogger } from "./logger.ts";
import { isSecretName, redactText } from "./redaction.ts";

const secret = "hunter2-hunter2";

test("a secret is masked wherever it stands in a text, and what is beside it stays", () => {
  const texts = [
    `cannot reach postgres://orders:${secret}@db:5432/orders`,
    `connect http://${secret}@registry:8081 failed`,
    `Authorization: Bearer ${secret}`,
    `header was "authorization": "Basic ${secret}"`,
    `sasl.password=${secret};sasl.username=order`,
    `{"apiKey":"${secret}","topic":"orders"}`,
    `X-Api-Key: ${secret}`,
    `?token=${secret}&topic=orders`,
    `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`,
  ];
  for (const text of texts) {
    expect(redactText(text)).not.toContain(secret);
    expect(redactText(text)).toContain("***");
  }
  expect(redactText(texts[0] ?? "")).toBe("cannot reach postgres://***@db:5432/orders");
  expect(redactText(`?token=${secret}&topic=orders`)).toContain("topic=orders");
});

test("masking takes no longer for a text that was made to take long", () => {
  for (const text of [
    "p".repeat(50_000),
    "a.".repeat(25_000),
    "http://".repeat(7000),
    "password".repeat(6000),
  ]) {
    const startedAtMs = performance.now();
    redactText(text);
    expect(performance.now() - startedAtMs).toBeLessThan(2000);
  }
});

test("what is no secret stays as it is", () => {
  for (const text of [
    "Order ORD-1 not found. Cannot update status. Sending to DLQ.",
    "http://localhost:8081/subjects",
    "order-events/0 order-events/1",
    "kafka@host",
  ])
    expect(redactText(text)).toBe(text);
});

test("a field with a secret's name is masked whatever it holds, in either format", () => {
  expect(
    ["password", "saslPassword", "apiKey", "authorization", "cookie", "sslKeyPassphrase"].every(isSecretName),
  ).toBe(true);
  expect(["orderId", "topic", "partition", "key", "passed"].some(isSecretName)).toBe(false);
  for (const format of ["json", "pretty"] as const) {
    const lines: string[] = [];
    const logger = createLogger({ level: "info", format, write: (line) => lines.push(line) });
    logger.child({ apiKey: secret }).error("Refused", {
      saslPassword: secret,
      cause: `Error: postgres://a:${secret}@db\n    at x`,
      orderId: "ORD-1",
    });
    expect(lines.join("")).not.toContain(secret);
    expect(lines.join("")).toContain("ORD-1");
  }
});

test("a value that is as long as a payload is cut", () => {
  const lines: string[] = [];
  createLogger({ level: "info", format: "json", write: (line) => lines.push(line) }).info("x", {
    cause: "p".repeat(100_000),
  });
  expect(lines.join("").length).toBeLessThan(5000);
});
