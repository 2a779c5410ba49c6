// Real parts for a suite that the runner started (scripts/test.ts): topics, groups and a database of the suite's own.
import { SQL } from "bun";

export interface RealEnvironment {
  /** Unique to this run, for order ids, topics and the database. */
  readonly prefix: string;
  /** Makes the database and answers the settings. */
  open(): Promise<Readonly<Record<string, string>>>;
  /** Drops the database. */
  remove(): Promise<void>;
}

/** Undefined where the runner has no real parts. */
export function realEnvironment(): RealEnvironment | undefined {
  const addresses = realEnvironmentAddresses();
  return addresses === undefined ? undefined : environmentOn(addresses);
}

/** Where the runner's real parts are; undefined where it has none. */
export function realEnvironmentAddresses(): PartsAddresses | undefined {
  const {
    TEST_KAFKA_BROKERS: brokers,
    TEST_SCHEMA_REGISTRY_URL: registryUrl,
    TEST_DATABASE_URL: databaseUrl,
  } = process.env;
  if (!brokers || !registryUrl || !databaseUrl) return undefined;
  return { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registryUrl, DATABASE_URL: databaseUrl };
}

/** The three addresses, named as the services' settings. */
export type PartsAddresses = Readonly<
  Record<"KAFKA_BROKERS" | "SCHEMA_REGISTRY_URL" | "DATABASE_URL", string>
>;

export function environmentOn(addresses: PartsAddresses): RealEnvironment {
  const databaseUrl = addresses.DATABASE_URL;
  const prefix = `t${crypto.randomUUID().slice(0, 8)}`;
  const url = new URL(databaseUrl);
  url.pathname = `/${prefix}`;

  async function runOnServer(statement: string): Promise<void> {
    const sql = new SQL(databaseUrl, { max: 1 });
    try {
      await sql.unsafe(statement);
    } finally {
      await sql.close();
    }
  }

  return {
    prefix,
    async open() {
      await runOnServer(`CREATE DATABASE ${prefix}`);
      return {
        ...addresses,
        DATABASE_URL: url.href,
        KAFKA_ORDER_TOPIC: `${prefix}-order-events`,
        KAFKA_STATUS_UPDATE_TOPIC: `${prefix}-order-status-updates`,
        KAFKA_DLQ_TOPIC: `${prefix}-order-events-dlq`,
        SAGA_ORDERS_TOPIC: `${prefix}-orders`,
        SAGA_PAYMENT_TOPIC: `${prefix}-payment-orders`,
        SAGA_STOCK_TOPIC: `${prefix}-stock-orders`,
        SAGA_DLQ_TOPIC: `${prefix}-recovererDLQ`,
        KAFKA_GROUP_ID: `${prefix}-order-service-group`,
      };
    },
    remove: () => runOnServer(`DROP DATABASE IF EXISTS ${prefix} WITH (FORCE)`),
  };
}
