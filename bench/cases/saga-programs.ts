// The programs that join the decisions: our order service as `bun run order` starts it, and the Kafka Streams program.
import { join } from "node:path";
import type { ProgramSpec } from "../measured-program.ts";
import type { StreamsProgram } from "../peers/streams/streams-program.ts";
import type { DecisionTopics } from "../saga/saga-fill.ts";

export interface ProgramTopics {
  readonly decisions: DecisionTopics;
  readonly ordersTopic: string;
}

const orderMain = join(import.meta.dirname, "..", "..", "order", "main.ts");

/** `environment`: its settings, with a database and a consumer group of its own. */
export function orderService(
  { decisions }: ProgramTopics,
  environment: Readonly<Record<string, string>>,
): ProgramSpec {
  const profile = process.env["BENCH_PROFILE"] === "order" ? ["--cpu-prof", "--cpu-prof-md"] : [];
  return {
    name: "order",
    command: [process.execPath, ...profile, orderMain],
    environment: () => ({ ...environment, ORDER_PORT: "0", LOG_LEVEL: "info", LOG_FORMAT: "json" }),
    saysRunning: (line) =>
      line.includes("Partitions assigned") && Object.values(decisions).some((topic) => line.includes(topic)),
  };
}

export interface StreamsOptions {
  readonly program: StreamsProgram;
  readonly brokers: string;
  /** Of Kafka Streams; it has its own default without one. */
  readonly commitIntervalMs?: number;
  /** Where each result updates its row as well. */
  readonly databaseUrl?: string;
}

export function kafkaStreams(
  { decisions, ordersTopic }: ProgramTopics,
  { program, brokers, commitIntervalMs, databaseUrl }: StreamsOptions,
): ProgramSpec {
  return {
    name: "Kafka Streams",
    command: program.command,
    environment: (directory) => ({
      BROKERS: brokers,
      APPLICATION_ID: `bench-${crypto.randomUUID().slice(0, 8)}`,
      PAYMENT_TOPIC: decisions.payment,
      STOCK_TOPIC: decisions.stock,
      ORDERS_TOPIC: ordersTopic,
      STATE_DIR: directory,
      ...(commitIntervalMs === undefined ? {} : { COMMIT_INTERVAL_MS: String(commitIntervalMs) }),
      ...(databaseUrl === undefined ? {} : { JDBC_URL: toJdbcUrl(databaseUrl) }),
      THREADS: "2",
    }),
    saysRunning: (line) => line === "RUNNING",
  };
}

function toJdbcUrl(databaseUrl: string): string {
  const { host, pathname, username, password } = new URL(databaseUrl);
  const login = new URLSearchParams({ user: decodeURIComponent(username) });
  if (password !== "") login.set("password", decodeURIComponent(password));
  return `jdbc:postgresql://${host}${pathname}?${login.toString()}`;
}
