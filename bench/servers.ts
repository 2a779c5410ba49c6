// The servers of a benchmark: those that the environment names (`bun run parts` starts some), else real ones of its own,
// set as a server would be: PostgreSQL with fsync, a broker that compiles its code.
import { kafkaVersion } from "../test/parts/artifacts.ts";
import { startParts } from "../test/parts/parts.ts";

export interface Servers {
  readonly environment: {
    readonly KAFKA_BROKERS: string;
    readonly SCHEMA_REGISTRY_URL: string;
    readonly DATABASE_URL: string;
  };
  /** A broker does not tell; of others' it is what BENCH_KAFKA_VERSION says. */
  readonly kafkaVersion: string;
  close(): Promise<void>;
}

export async function openServers(): Promise<Servers> {
  const { KAFKA_BROKERS, SCHEMA_REGISTRY_URL, DATABASE_URL, BENCH_KAFKA_VERSION } = process.env;
  if (KAFKA_BROKERS !== undefined && SCHEMA_REGISTRY_URL !== undefined && DATABASE_URL !== undefined) {
    return {
      environment: { KAFKA_BROKERS, SCHEMA_REGISTRY_URL, DATABASE_URL },
      kafkaVersion: BENCH_KAFKA_VERSION ?? "not told by the broker",
      close: async () => undefined,
    };
  }
  const parts = await startParts({
    kafka: { heapMb: 1024, optimised: true },
    postgres: { settings: { fsync: "on", full_page_writes: "on" } },
  });
  return { environment: parts.environment, kafkaVersion, close: () => parts.close() };
}
