// What the services stand on: a real Kafka and registry when the settings name them, else the embedded ones.
import type { ClientSettings } from "../kafka/binding.ts";
import { openEmbeddedCluster } from "../kafka/embedded.ts";
import { createMockRegistry } from "../schemas/mock-registry.ts";
import { createRegistry, type SchemaRegistry, type SubjectVersions } from "../schemas/registry.ts";
import { kafkaSecurity } from "./kafka-security.ts";
import { registryAuth } from "./registry-auth.ts";
import type { Settings } from "./settings.ts";
import { topicSpecs } from "./topics.ts";

export interface Parts {
  /** For `bootstrap.servers`. */
  readonly brokers: string;
  /** Who the Kafka clients are and whom they trust. */
  readonly security: ClientSettings;
  readonly registry: SchemaRegistry & SubjectVersions;
  /**
   * Set on the embedded cluster only, different with each start: its offsets begin anew with it, and a store that
   * outlives it must not take the new ones for old.
   */
  readonly clusterLife?: string;
  /** librdkafka settings that this cluster asks of consumers. */
  readonly consumerSettings: Readonly<Record<string, number>>;
  /** Close the services first. */
  close(): void;
}

const registryTimeoutMs = 4000;

export function openParts(settings: Settings): Parts {
  const { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: url } = settings;
  if (brokers !== undefined && url !== undefined) {
    const registry = createRegistry({ url, ...registryAuth(settings), timeoutMs: registryTimeoutMs });
    const security = kafkaSecurity(settings);
    return { brokers, security, registry, consumerSettings: {}, close: () => undefined };
  }
  const cluster = openEmbeddedCluster({ topics: topicSpecs(settings) });
  return {
    brokers: cluster.brokers,
    security: {},
    registry: createMockRegistry(),
    clusterLife: crypto.randomUUID().slice(0, 8),
    consumerSettings: { "fetch.wait.max.ms": cluster.fetchWaitMaxMs },
    close: () => cluster.close(),
  };
}
