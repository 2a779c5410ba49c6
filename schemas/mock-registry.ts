// The registry of the embedded run: the package's own mock client, in this process's memory. Give the one object to every
// service of the process: ids are its, and end with it.
import { MockClient } from "@confluentinc/schemaregistry/dist/mock-schemaregistry-client.js";
import { registryOver, type RegistryOutcome, type SchemaRegistry, type SubjectVersions } from "./registry.ts";

export function createMockRegistry(): SchemaRegistry & SubjectVersions {
  const registry = registryOver(new MockClient({ baseURLs: ["mock://embedded"] }), 5_000);
  // The mock takes a new id after an await: two services that register the same schema at the same time would get two.
  let last: Promise<RegistryOutcome<number>> | undefined;
  return {
    idOf(subject, definition) {
      const before = last;
      const next = (async () => {
        await before;
        return await registry.idOf(subject, definition);
      })();
      last = next;
      return next;
    },
    schemaOf: (schemaId) => registry.schemaOf(schemaId),
    versionsOf: (subject) => registry.versionsOf(subject),
    versionOf: (subject, version) => registry.versionOf(subject, version),
  };
}
