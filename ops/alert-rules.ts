// The alert rules as tests read them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { YAML } from "bun";
import { z } from "zod";

const rulesFile = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string(),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.object({ severity: z.enum(["page", "ticket"]) }),
          annotations: z.object({ summary: z.string(), runbook_url: z.string() }),
        }),
      ),
    }),
  ),
});

export const opsFolder = import.meta.dirname;

export function readAlertRules() {
  const text = readFileSync(join(opsFolder, "alerts.yml"), "utf8");
  return rulesFile.parse(YAML.parse(text)).groups.flatMap(({ rules }) => rules);
}

/** Everything in a PromQL expression, or in a text about one, that has the name of one of our metrics. */
export function metricNamesIn(text: string): readonly string[] {
  return text.match(/\b(?:orderwire_[a-z_0-9]+|process_[a-z_0-9]+)\b/g) ?? [];
}
