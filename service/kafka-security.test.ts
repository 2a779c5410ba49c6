import { describe, expect, test } from "bun:test";
import { kafkaSecurity } from "./kafka-security.ts";
import { readSettings } from "./settings.ts";

const real = {
  KAFKA_BROKERS: "kafka:9093",
  SCHEMA_REGISTRY_URL: "https://registry",
  DATABASE_URL: "postgres://db/orders",
};
const login = { KAFKA_SASL_USERNAME: "cart", KAFKA_SASL_PASSWORD: "hunter2" };

function securityOf(more: Record<string, string>) {
  const read = readSettings({ ...real, ...more });
  if (!read.ok) throw new Error(read.faults.join("\n"));
  return kafkaSecurity(read.value);
}

describe("Kafka's security settings", () => {
  test("are none unless a protocol is set", () => {
    expect(securityOf({})).toEqual({});
    expect(securityOf({ KAFKA_SECURITY_PROTOCOL: "PLAINTEXT" })).toEqual({});
  });

  test("become librdkafka's, with SCRAM-SHA-512 and the system's certificates unless said otherwise", () => {
    expect(securityOf({ KAFKA_SECURITY_PROTOCOL: "SASL_SSL", ...login })).toEqual({
      "security.protocol": "sasl_ssl",
      "sasl.mechanisms": "SCRAM-SHA-512",
      "sasl.username": "cart",
      "sasl.password": "hunter2",
      "ssl.ca.location": "probe",
    });
    expect(
      securityOf({
        KAFKA_SECURITY_PROTOCOL: "ssl",
        KAFKA_SSL_CA_FILE: "ca.pem",
        KAFKA_SSL_CERT_FILE: "cart.pem",
        KAFKA_SSL_KEY_FILE: "cart.key",
        KAFKA_SSL_KEY_PASSWORD: "p",
      }),
    ).toEqual({
      "security.protocol": "ssl",
      "ssl.ca.location": "ca.pem",
      "ssl.certificate.location": "cart.pem",
      "ssl.key.location": "cart.key",
      "ssl.key.password": "p",
    });
  });

  test.each<[Record<string, string>, string]>([
    [{ KAFKA_SECURITY_PROTOCOL: "sasl_ssl" }, "KAFKA_SASL_USERNAME must be set"],
    [login, "are not sent while KAFKA_SECURITY_PROTOCOL is plaintext"],
    [{ KAFKA_SSL_CA_FILE: "ca.pem" }, "has no TLS: set it to ssl or sasl_ssl"],
    [
      { KAFKA_SECURITY_PROTOCOL: "ssl", KAFKA_SSL_CERT_FILE: "c" },
      "KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE must be set together",
    ],
    [
      { KAFKA_BROKERS: "", SCHEMA_REGISTRY_URL: "", KAFKA_SECURITY_PROTOCOL: "ssl" },
      "the embedded cluster knows no users",
    ],
    [{ KAFKA_SECURITY_PROTOCOL: "kerberos" }, "KAFKA_SECURITY_PROTOCOL"],
  ])("%p is a fault", (settings, sentence) => {
    const read = readSettings({ ...real, ...settings });
    expect(read.ok).toBe(false);
    if (read.ok) return;
    expect(read.faults.join("\n")).toContain(sentence);
    expect(read.faults.join("\n")).not.toContain("hunter2");
  });
});
