// Promises all three servers, started side by side, or none: when one fails to start the others are closed again.
import { startKafka, type KafkaOptions, type KafkaPart } from "./kafka.ts";
import { startPostgres, type PostgresOptions, type PostgresPart } from "./postgres.ts";
import { startRegistry, type RegistryPart } from "./registry.ts";
import type { Part } from "./part.ts";

export interface RealParts {
  readonly kafka: KafkaPart;
  readonly registry: RegistryPart;
  readonly postgres: PostgresPart;
  /** The settings by which cart and order find the three, named as in the README. */
  readonly environment: Readonly<Record<"KAFKA_BROKERS" | "SCHEMA_REGISTRY_URL" | "DATABASE_URL", string>>;
  close(): Promise<void>;
}

export interface PartsOptions {
  readonly kafka?: KafkaOptions;
  readonly postgres?: PostgresOptions;
}

export async function startParts(options: PartsOptions = {}): Promise<RealParts> {
  const started: Part[] = [];
  const keep = <Started extends Part>(part: Started): Started => {
    started.push(part);
    return part;
  };
  const close = async () => {
    await Promise.all(started.map((part) => part.close()));
  };
  const attempts = [
    startKafka(options.kafka).then(keep),
    startRegistry().then(keep),
    startPostgres(options.postgres).then(keep),
  ] as const;
  // Waits for all of them even when one fails: a part that is still starting could not be closed.
  const outcomes = await Promise.allSettled(attempts);
  const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  if (failures.length > 0) {
    await close();
    throw failures.length === 1 ? failures[0] : new AggregateError(failures, failures.map(String).join("\n"));
  }
  const [kafka, registry, postgres] = await Promise.all(attempts);
  return {
    kafka,
    registry,
    postgres,
    environment: {
      KAFKA_BROKERS: kafka.brokers,
      SCHEMA_REGISTRY_URL: registry.url,
      DATABASE_URL: postgres.url,
    },
    close,
  };
}
