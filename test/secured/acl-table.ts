// The rights of docs/kafka-acls.md as data: what is documented is what the test gives.
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface AclRow {
  readonly user: string;
  readonly resource: "topic" | "group" | "transactional-id";
  readonly isPrefix: boolean;
  readonly names: readonly string[];
  readonly operations: readonly string[];
}

const file = join(import.meta.dirname, "..", "..", "docs", "kafka-acls.md");

export function readAclTable(text: string = readFileSync(file, "utf8")): readonly AclRow[] {
  const table = /<!-- acls -->\n([\s\S]*?)<!-- \/acls -->/.exec(text)?.[1] ?? "";
  return table
    .split("\n")
    .slice(2)
    .filter((line) => line.startsWith("|"))
    .map((line) => {
      const [, user = "", resource = "", names = "", operations = ""] = line.split("|");
      return {
        user: wordsIn(user).join(),
        resource: resourceOf(resource.replace(", prefix", "").trim()),
        isPrefix: resource.includes("prefix"),
        names: wordsIn(names),
        operations: wordsIn(operations),
      };
    });
}

/** `org.apache.kafka.tools.AclCommand`, without where the broker is. */
export function aclArguments({ user, resource, isPrefix, names, operations }: AclRow): string[] {
  return [
    "--add",
    "--allow-principal",
    `User:${user}`,
    "--resource-pattern-type",
    isPrefix ? "prefixed" : "literal",
    ...operations.flatMap((operation) => ["--operation", operation]),
    ...names.flatMap((name) => [`--${resource}`, name]),
  ];
}

function wordsIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word);
}

function resourceOf(text: string): AclRow["resource"] {
  if (text === "topic" || text === "group" || text === "transactional-id") return text;
  throw new Error(`the table of ACLs has a resource that is not known: ${text}`);
}
