// `check`, `release` and `register`: what CI, a person and a deploy do with the schemas. Each answers the lines to print and
// whether all is well; no fault of a schema or a registry makes them throw.
import type { SchemaName } from "../events.ts";
import type { RegistryOutcome } from "../registry.ts";
import { evolutionProblems, writesTheSame } from "./check-evolution.ts";
import type { RegistrySubjects } from "./registry-subjects.ts";
import type { ReleasedVersions } from "./released-versions.ts";

export interface CommandResult {
  readonly ok: boolean;
  readonly lines: readonly string[];
}

/** A record type as it is in the working tree. */
export interface CurrentSchema {
  readonly name: SchemaName;
  readonly fullName: string;
  readonly definition: string;
}

/** Where a record type is registered. */
export interface Subject {
  readonly subject: string;
  readonly name: SchemaName;
}

export interface SchemaCommands {
  /** Every schema beside its released versions and, when there is a registry, beside every version under its subjects. */
  check(): Promise<CommandResult>;
  /** Freezes what has changed since its last release; nothing when anything is wrong. */
  release(): Promise<CommandResult>;
  /** Registers the released versions under every subject and sets the registry's rule; the same again changes nothing. */
  register(): Promise<CommandResult>;
}

export interface SchemaCommandsOptions {
  readonly schemas: readonly CurrentSchema[];
  readonly released: ReleasedVersions;
  readonly subjects: readonly Subject[];
  readonly registry?: RegistrySubjects | undefined;
}

export function createSchemaCommands(options: SchemaCommandsOptions): SchemaCommands {
  const { schemas, released, subjects, registry } = options;

  /** Line of a schema, and the problems beside its releases. */
  function checkReleased({ fullName, definition }: CurrentSchema): Finding {
    try {
      const versions = released.of(fullName);
      const last = versions.at(-1);
      const earlier = versions.map((version) => ({
        label: `v${version.version}`,
        definition: version.definition,
      }));
      const problems = evolutionProblems(fullName, definition, earlier);
      return { fullName, state: describeState(definition, last), problems };
    } catch (error) {
      return { fullName, state: "", problems: [error instanceof Error ? error.message : String(error)] };
    }
  }

  async function checkRegistered(of: RegistrySubjects): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const { subject, name } of subjects) {
      const schema = schemas.find((known) => known.name === name);
      if (schema === undefined) continue;
      const versions = await of.versionsOf(subject);
      if (!versions.ok) {
        problems.push(`${subject}: ${versions.failure.message}`);
        // Away for one is away for all.
        if (versions.failure.kind === "unavailable") break;
        continue;
      }
      const earlier = versions.value.map(({ version, definition }) => ({
        label: `version ${version} in the registry`,
        definition,
      }));
      const own = evolutionProblems(schema.fullName, schema.definition, earlier);
      problems.push(...own.map((problem) => `${subject}: ${problem}`));
      if (own.length === 0) problems.push(...(await askVerdict(of, subject, versions.value, schema)));
    }
    return problems;
  }

  return {
    async check() {
      const findings = schemas.map(checkReleased);
      const registered = registry === undefined ? [] : await checkRegistered(registry);
      const problems = [...findings.flatMap((finding) => finding.problems), ...registered];
      const beside = registry === undefined ? "" : `, and in the registry under ${subjects.length} subjects`;
      return {
        ok: problems.length === 0,
        lines: [
          ...findings
            .filter(({ state }) => state !== "")
            .map(({ fullName, state }) => `${fullName}: ${state}`),
          ...problems,
          problems.length === 0
            ? `All schemas are compatible both ways with every released version${beside}.`
            : `${problems.length} problems.`,
        ],
      };
    },

    async release() {
      const findings = schemas.map(checkReleased);
      const problems = findings.flatMap((finding) => finding.problems);
      if (problems.length > 0) return { ok: false, lines: [...problems, "Nothing was released."] };
      const lines = schemas.map(({ fullName, definition }) => {
        const last = released.of(fullName).at(-1);
        if (last?.definition === definition) return `${fullName}: v${last.version} as before`;
        return `${fullName}: v${released.add(fullName, definition).version} is released; commit it`;
      });
      return { ok: true, lines };
    },

    async register() {
      if (registry === undefined) {
        return {
          ok: false,
          lines: ["SCHEMA_REGISTRY_URL is not set: there is no registry to register with."],
        };
      }
      const findings = schemas.map(checkReleased);
      const problems = findings.flatMap((finding) => finding.problems);
      const unreleased = schemas
        .filter(
          ({ fullName, definition }) =>
            problems.length === 0 && released.of(fullName).at(-1)?.definition !== definition,
        )
        .map(
          ({ fullName }) =>
            `${fullName} has changed since its last release: run \`bun run schemas -- release\` and commit it before a deploy.`,
        );
      if (problems.length + unreleased.length > 0) {
        return { ok: false, lines: [...problems, ...unreleased, "Nothing was registered."] };
      }
      const lines: string[] = [];
      for (const { subject, name } of subjects) {
        const schema = schemas.find((known) => known.name === name);
        if (schema === undefined) continue;
        for (const { version, definition } of released.of(schema.fullName)) {
          const id = await registry.idOf(subject, definition);
          if (!id.ok) return refused(lines, subject, `v${version}`, id);
          // The rule needs the subject, so it follows the first version, and judges the others.
          const rule = await registry.requireFullTransitive(subject);
          if (!rule.ok) return refused(lines, subject, "the rule FULL_TRANSITIVE", rule);
          lines.push(`${subject}: v${version} has id ${id.value}`);
        }
      }
      return { ok: true, lines: [...lines, `${subjects.length} subjects are FULL_TRANSITIVE.`] };
    },
  };
}

interface Finding {
  readonly fullName: string;
  readonly state: string;
  readonly problems: readonly string[];
}

function describeState(
  definition: string,
  last: { readonly version: number; readonly definition: string } | undefined,
): string {
  if (last === undefined) return "not released yet: `bun run schemas -- release` freezes its first version";
  if (last.definition === definition) return `v${last.version}, released`;
  const change = writesTheSame(definition, last.definition) ? "in words or defaults only" : "";
  return `changed ${change} since v${last.version}: \`bun run schemas -- release\` freezes v${last.version + 1}`.replace(
    "  ",
    " ",
  );
}

async function askVerdict(
  registry: RegistrySubjects,
  subject: string,
  versions: readonly { readonly version: number }[],
  { fullName, definition }: CurrentSchema,
): Promise<readonly string[]> {
  for (const { version } of versions) {
    const verdict = await registry.accepts(subject, version, definition);
    if (!verdict.ok) return [`${subject}: ${verdict.failure.message}`];
    if (!verdict.value) {
      return [
        `${subject}: ${fullName}: the registry's own rule refuses it beside version ${version}: compare the subject's compatibility level with FULL_TRANSITIVE.`,
      ];
    }
  }
  return [];
}

function refused(
  done: readonly string[],
  subject: string,
  what: string,
  answer: Extract<RegistryOutcome<unknown>, { ok: false }>,
): CommandResult {
  const lines = [...done, `${subject}: ${what}: ${answer.failure.message} Run it again: what is done stays.`];
  return { ok: false, lines };
}
