// `bun run schemas -- check | release | register`: see schemas/README.md. The topics and the registry are the services' own
// settings, so that a deploy's environment serves both.
import { schemaCatalog, schemaNames, subjectOf } from "../schemas/schema-catalog.ts";
import { readReleasedVersions } from "../schemas/evolution/released-versions.ts";
import { openRegistrySubjects } from "../schemas/evolution/registry-subjects.ts";
import { type CommandResult, createSchemaCommands } from "../schemas/evolution/schema-commands.ts";
import { registryAuth } from "../service/registry-auth.ts";
import { readSettings, settingsSchema } from "../service/settings.ts";
import { orderSubjects } from "../service/subjects.ts";

const usage = [
  "bun run schemas -- check      every schema beside its released versions, and beside SCHEMA_REGISTRY_URL when it is set",
  "bun run schemas -- release    freeze what has changed as the next version, to be committed",
  "bun run schemas -- register   register the released versions and make their subjects FULL_TRANSITIVE",
];

process.exitCode = await main(process.argv.slice(2).filter((word, index) => index > 0 || word !== "--"));

async function main([word = "check", ...rest]: readonly string[]): Promise<number> {
  // Brokers and databases are none of this command's business, and topics without them are no mistake here.
  const named = Object.keys(settingsSchema.shape).filter((name) =>
    /_TOPIC$|^KAFKA_GROUP_ID$|^SCHEMA_REGISTRY_(?:USERNAME|PASSWORD)$/.test(name),
  );
  const read = readSettings(Object.fromEntries(named.map((name) => [name, process.env[name]])));
  if (!read.ok) return tell({ ok: false, lines: read.faults });
  const url = process.env["SCHEMA_REGISTRY_URL"]?.trim();
  if (url && !URL.canParse(url)) {
    return tell({
      ok: false,
      lines: ["SCHEMA_REGISTRY_URL must be an address such as http://localhost:8081."],
    });
  }

  const commands = createSchemaCommands({
    schemas: schemaNames.map((name) => ({ name, ...schemaCatalog[name] })),
    released: readReleasedVersions(),
    subjects: orderSubjects(read.value).map(([topic, name]) => ({ name, subject: subjectOf(topic, name) })),
    registry: url ? openRegistrySubjects({ url, ...registryAuth(read.value), timeoutMs: 10_000 }) : undefined,
  });
  if (rest.length === 0 && (word === "check" || word === "release" || word === "register")) {
    return tell(await commands[word]());
  }
  process.stderr.write(`${usage.join("\n")}\n`);
  return 2;
}

function tell({ ok, lines }: CommandResult): number {
  (ok ? process.stdout : process.stderr).write(`${lines.join("\n")}\n`);
  return ok ? 0 : 1;
}
