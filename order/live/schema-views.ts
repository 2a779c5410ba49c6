// The schemas that order reads and writes, with every version that the registry has of them.
import { type ContractFailure, schemaNotFound } from "../../contract/errors.ts";
import type { SchemaViews } from "../../contract/ports.ts";
import { failed, success } from "../../contract/result.ts";
import type { RegistryFailure, SubjectVersions } from "../../schemas/registry.ts";
import { schemaCatalog, subjectOf } from "../../schemas/schema-catalog.ts";
import type { TopicSchema } from "../../schemas/subject-ids.ts";

export interface SchemaViewsOptions {
  readonly registry: SubjectVersions;
  readonly subjects: readonly TopicSchema[];
}

export function createSchemaViews({ registry, subjects }: SchemaViewsOptions): SchemaViews {
  const known = new Map(subjects.map((pair) => [subjectOf(...pair), pair]));

  return {
    async list() {
      const told = [];
      for (const [subject, [topic, name]] of known) {
        const versions = await registry.versionsOf(subject);
        if (!versions.ok && versions.failure.kind !== "missing") return failed(whyNot(versions.failure));
        told.push({
          subject,
          topic,
          recordName: schemaCatalog[name].fullName,
          versions: versions.ok ? [...versions.value] : [],
        });
      }
      return success({ subjects: told });
    },

    async get(query) {
      const { subject, version } = query;
      const pair = known.get(subject);
      if (pair === undefined) return failed(schemaNotFound(query));
      const found = await registry.versionOf(subject, version);
      if (!found.ok) {
        const { failure } = found;
        return failed(failure.kind === "missing" ? schemaNotFound(query) : whyNot(failure));
      }
      const { schemaId, schemaType, definition } = found.value;
      const isOurs = sameJson(definition, schemaCatalog[pair[1]].definition);
      return success({ subject, version, schemaId, schemaType, definition, isOurs });
    },
  };
}

function whyNot({ message }: RegistryFailure): ContractFailure {
  return { code: "unavailable", message, retryAfterSeconds: 2 };
}

/** Registries give schemas back in a layout of their own. */
function sameJson(one: string, other: string): boolean {
  try {
    return Bun.deepEquals(JSON.parse(one), JSON.parse(other));
  } catch {
    return one === other;
  }
}
