// The servers of a fault run: those that the environment names, or the parts of the tests.
import { startParts } from "../parts/parts.ts";
import type { PartsAddresses } from "../system/real-environment.ts";

export interface FaultServers {
  readonly addresses: PartsAddresses;
  close(): Promise<void>;
}

export async function openFaultServers(): Promise<FaultServers> {
  const { KAFKA_BROKERS, SCHEMA_REGISTRY_URL, DATABASE_URL } = process.env;
  if (KAFKA_BROKERS !== undefined && SCHEMA_REGISTRY_URL !== undefined && DATABASE_URL !== undefined) {
    return { addresses: { KAFKA_BROKERS, SCHEMA_REGISTRY_URL, DATABASE_URL }, close: async () => {} };
  }
  const parts = await startParts({ kafka: { heapMb: 1024, optimised: true } });
  return { addresses: parts.environment, close: () => parts.close() };
}
