// What a deploy asks of the registry beyond what the services do: the versions under a subject, the registry's own verdict
// on a new one, and its rule for the subject. Every answer is a value, as in registry.ts.
import {
  Compatibility,
  type SchemaRegistryClient,
} from "@confluentinc/schemaregistry/dist/schemaregistry-client.js";
import {
  askRegistry,
  createRegistryClient,
  registryOver,
  type RegistryOptions,
  type RegistryOutcome,
  type SchemaRegistry,
} from "../registry.ts";

export interface RegisteredVersion {
  readonly version: number;
  readonly definition: string;
}

export interface RegistrySubjects extends Pick<SchemaRegistry, "idOf"> {
  /** Oldest first; empty for a subject that the registry does not have. */
  versionsOf(subject: string): Promise<RegistryOutcome<readonly RegisteredVersion[]>>;
  /** The registry's verdict, by its own rule for the subject, on a schema beside one version. */
  accepts(subject: string, version: number, definition: string): Promise<RegistryOutcome<boolean>>;
  /** From now on the registry refuses under this subject what is not compatible both ways with every version. */
  requireFullTransitive(subject: string): Promise<RegistryOutcome<undefined>>;
}

export function openRegistrySubjects(options: RegistryOptions): RegistrySubjects {
  return registrySubjectsOver(createRegistryClient(options), options.timeoutMs);
}

export function registrySubjectsOver(client: SchemaRegistryClient, timeoutMs: number): RegistrySubjects {
  const ask = <Value>(question: () => Promise<Value>) => askRegistry(timeoutMs, question);
  const registry = registryOver(client, timeoutMs);
  return {
    idOf: (subject, definition) => registry.idOf(subject, definition),

    async versionsOf(subject) {
      const numbers = await ask(() => client.getAllVersions(subject));
      if (!numbers.ok) {
        return numbers.failure.kind === "missing" ? { ok: true, value: [] } : numbers;
      }
      const versions: RegisteredVersion[] = [];
      for (const version of numbers.value) {
        const found = await ask(() => client.getSchemaMetadata(subject, version, false));
        if (!found.ok) return found;
        versions.push({ version, definition: found.value.schema });
      }
      return { ok: true, value: versions };
    },

    accepts: (subject, version, definition) =>
      ask(() => client.testCompatibility(subject, version, { schemaType: "AVRO", schema: definition })),

    async requireFullTransitive(subject) {
      const answer = await ask(() =>
        client.updateConfig(subject, { compatibility: Compatibility.FULL_TRANSITIVE }),
      );
      return answer.ok ? { ok: true, value: undefined } : answer;
    },
  };
}
