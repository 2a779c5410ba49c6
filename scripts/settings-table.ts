// Writes the README's settings table from the schema.
import { z } from "zod";
import { settingsSchema } from "../service/settings.ts";
import { withSection } from "./marked-section.ts";

const readmeFile = new URL("../README.md", import.meta.url);

export function settingsTable(): string {
  const { properties = {} } = z.toJSONSchema(settingsSchema, { io: "input" });
  const rows = Object.entries(properties).map(([name, property]) => {
    if (typeof property === "boolean") throw new Error(`${name} has no schema`);
    const given: unknown = property.default;
    const fallback = typeof given === "string" || typeof given === "number" ? `\`${given}\`` : "";
    return `| \`${name}\` | ${fallback} | ${property.description ?? ""} |`;
  });
  return ["| Variable | Default | Meaning |", "| --- | --- | --- |", ...rows, ""].join("\n");
}

export async function readmeWithSettings(): Promise<{ readonly present: string; readonly wanted: string }> {
  const present = await Bun.file(readmeFile).text();
  return { present, wanted: withSection(present, "settings", settingsTable()) };
}

if (import.meta.main) {
  const { wanted } = await readmeWithSettings();
  await Bun.write(readmeFile, wanted);
}
