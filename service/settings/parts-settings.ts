// What the services stand on: Kafka, the registry and the database, and who we are to them.
import { z } from "zod";
import { url } from "./setting-kinds.ts";

export const partsSettings = {
  KAFKA_BROKERS: z
    .string()
    .regex(/^[^\s,]+:\d+(,[^\s,]+:\d+)*$/, "must be host:port, several separated by commas")
    .optional()
    .describe("Kafka to use, `host:port,…`; without it an embedded cluster that lives in memory"),
  KAFKA_SECURITY_PROTOCOL: z
    .string()
    .toLowerCase()
    .pipe(z.enum(["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]))
    .optional()
    .describe("`sasl_ssl` where Kafka is not on a network of its own. Default: `plaintext`"),
  KAFKA_SASL_MECHANISM: z
    .string()
    .toUpperCase()
    .pipe(z.enum(["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]))
    .prefault("SCRAM-SHA-512")
    .describe("How the user is proved with `sasl_…`"),
  KAFKA_SASL_USERNAME: z
    .string()
    .optional()
    .describe("This service's user; what it needs: docs/kafka-acls.md"),
  KAFKA_SASL_PASSWORD: z.string().optional().describe("Its password"),
  KAFKA_SSL_CA_FILE: z
    .string()
    .optional()
    .describe("Certificates that the brokers' are checked against, in PEM. Default: the system's"),
  KAFKA_SSL_CERT_FILE: z
    .string()
    .optional()
    .describe("Certificate of this service, where brokers ask for one"),
  KAFKA_SSL_KEY_FILE: z.string().optional().describe("Its private key"),
  KAFKA_SSL_KEY_PASSWORD: z.string().optional().describe("The key's password, if it has one"),
  SCHEMA_REGISTRY_USERNAME: z
    .string()
    .optional()
    .describe("User for the registry's basic authentication; `https://user:password@…` does as well"),
  SCHEMA_REGISTRY_PASSWORD: z.string().optional().describe("Its password"),
  SCHEMA_REGISTRY_URL: url(["http://", "https://"])
    .optional()
    .describe("Confluent-compatible schema registry; needed with `KAFKA_BROKERS`"),
  DATABASE_URL: url(["postgres://", "postgresql://", "sqlite:"])
    .optional()
    .describe(
      "Store of order, `postgres://…` or `sqlite:file`; needed with `KAFKA_BROKERS`, else SQLite in memory; cart has none",
    ),
};
