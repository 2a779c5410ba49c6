// How the Kafka clients prove who they are and know whom they speak to: the settings, as librdkafka's own.
import type { ClientSettings } from "../kafka/binding.ts";
import type { Settings } from "./settings.ts";

type KafkaSecurity = Pick<
  Settings,
  | "KAFKA_SECURITY_PROTOCOL"
  | "KAFKA_SASL_MECHANISM"
  | "KAFKA_SASL_USERNAME"
  | "KAFKA_SASL_PASSWORD"
  | "KAFKA_SSL_CA_FILE"
  | "KAFKA_SSL_CERT_FILE"
  | "KAFKA_SSL_KEY_FILE"
  | "KAFKA_SSL_KEY_PASSWORD"
>;

/** Empty for the plain protocol. Whom the broker says to be is always checked against its host name: there is no way to turn it off. */
export function kafkaSecurity(settings: KafkaSecurity): ClientSettings {
  const { KAFKA_SECURITY_PROTOCOL: protocol = "plaintext" } = settings;
  if (protocol === "plaintext") return {};
  const given = {
    "ssl.ca.location": settings.KAFKA_SSL_CA_FILE,
    "ssl.certificate.location": settings.KAFKA_SSL_CERT_FILE,
    "ssl.key.location": settings.KAFKA_SSL_KEY_FILE,
    "ssl.key.password": settings.KAFKA_SSL_KEY_PASSWORD,
    ...(protocol.startsWith("sasl")
      ? {
          "sasl.mechanisms": settings.KAFKA_SASL_MECHANISM,
          "sasl.username": settings.KAFKA_SASL_USERNAME,
          "sasl.password": settings.KAFKA_SASL_PASSWORD,
        }
      : {}),
  };
  return {
    "security.protocol": protocol,
    // The system's certificates, wherever this system keeps them.
    "ssl.ca.location": "probe",
    ...Object.fromEntries(
      Object.entries(given).flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [[name, value]],
      ),
    ),
  };
}

/** One sentence for each thing that is missing or contradicts another. */
export function kafkaSecurityFaults(settings: KafkaSecurity & Pick<Settings, "KAFKA_BROKERS">): string[] {
  const { KAFKA_SECURITY_PROTOCOL: protocol = "plaintext", KAFKA_BROKERS: brokers } = settings;
  const has = (name: keyof KafkaSecurity) => settings[name] !== undefined;
  const faults: string[] = [];
  if (brokers === undefined && has("KAFKA_SECURITY_PROTOCOL")) {
    faults.push(
      "KAFKA_SECURITY_PROTOCOL is set but KAFKA_BROKERS is not: the embedded cluster knows no users.",
    );
  }
  const sasl = ["KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"] as const;
  if (protocol.startsWith("sasl")) {
    for (const name of sasl) {
      if (!has(name)) faults.push(`${name} must be set when KAFKA_SECURITY_PROTOCOL is ${protocol}.`);
    }
  } else if (sasl.some(has)) {
    faults.push(
      `KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD are not sent while KAFKA_SECURITY_PROTOCOL is ${protocol}: set it to sasl_ssl.`,
    );
  }
  const tls = ["KAFKA_SSL_CA_FILE", "KAFKA_SSL_CERT_FILE", "KAFKA_SSL_KEY_FILE"] as const;
  if (!protocol.endsWith("ssl") && tls.some(has)) {
    faults.push(
      `KAFKA_SSL_… is set but KAFKA_SECURITY_PROTOCOL is ${protocol}, which has no TLS: set it to ssl or sasl_ssl.`,
    );
  }
  if (has("KAFKA_SSL_CERT_FILE") !== has("KAFKA_SSL_KEY_FILE")) {
    faults.push("KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE must be set together.");
  }
  return faults;
}
