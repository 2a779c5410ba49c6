// `bun run keys -- add --role operator --name ops-anna [--file api-keys]`: makes a key, shows it once, and prints the line to add to
// API_KEYS_FILE, or adds it.
import { appendFileSync, chmodSync, existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { isRole, roles } from "../contract/access.ts";
import { keyNamePattern, makeKey, readKeys } from "../service/api-keys.ts";

const usage = `bun run keys -- add --role ${roles.join(" | ")} --name NAME [--file FILE]

  Makes an API key. The key is shown once; the line goes into the file that API_KEYS_FILE names (with --file it is added there),
  or into API_KEYS, separated by commas. A service that runs reads the file again within seconds; removing a line takes the key back.
  viewer reads, operator also orders and replays, admin may also skip and edit. NAME is what the audit says of who it was.
`;

process.exitCode = main(process.argv.slice(2).filter((word, index) => index > 0 || word !== "--"));

function main(words: readonly string[]): number {
  const read = readWords(words);
  if (typeof read === "string") {
    process.stderr.write(`${read}.\n\n${usage}`);
    return 2;
  }
  const { name, role, file } = read;
  const { key, line } = makeKey(name, role);
  if (file === undefined) {
    process.stderr.write(`The key of ${name}, shown this once: ${key}\nThe line for API_KEYS_FILE:\n`);
    process.stdout.write(`${line}\n`);
    return 0;
  }
  const present = existsSync(file) ? readFileSync(file, "utf8") : "";
  const known = readKeys(present);
  if (!known.ok) {
    process.stderr.write(`${file} cannot be used: ${known.faults.join("; ")}.\n`);
    return 1;
  }
  if (known.keys.some((other) => other.name === name)) {
    process.stderr.write(`${file} has a key of '${name}': take another name, or remove its line first.\n`);
    return 1;
  }
  appendFileSync(file, `${present === "" || present.endsWith("\n") ? "" : "\n"}${line}\n`, { mode: 0o600 });
  if (present === "") chmodSync(file, 0o600);
  process.stderr.write(`Added to ${file}. The key of ${name}, shown this once:\n`);
  process.stdout.write(`${key}\n`);
  return 0;
}

function readWords(words: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: { role: { type: "string" }, name: { type: "string" }, file: { type: "string" } },
    });
    const { role, name, file } = values;
    if (positionals.join(" ") !== "add") return "The command is add";
    if (!isRole(role)) return `--role must be one of ${roles.join(", ")}`;
    if (name === undefined || !keyNamePattern.test(name)) {
      return "--name must be 1 to 64 letters, digits, dots, dashes or underscores";
    }
    return { role, name, file };
  } catch (error) {
    // parseArgs says what it does not know in one sentence.
    return error instanceof Error ? error.message : String(error);
  }
}
