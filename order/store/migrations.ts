// Numbered migrations, one folder a dialect. Each is applied once, in a transaction, and recorded with the checksum of
// its text: a file that changed after it was applied stops the service instead of leaving two databases that differ.
// A database that is ahead of the code is fine: migrations only add, so that instances can be replaced one by one.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Migration {
  readonly number: number;
  /** The file's name. */
  readonly name: string;
  /** SHA-256 of the text, hexadecimal; line ends do not count, because a checkout may change them. */
  readonly checksum: string;
  readonly sql: string;
}

export interface AppliedMigration {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

const fileName = /^(\d{4})-[a-z0-9-]+\.sql$/;

/** All migrations of a dialect, by number. Throws when the files are not named `0001-….sql`, `0002-….sql` and so on. */
export function readMigrations(dialect: "postgres" | "sqlite"): readonly Migration[] {
  const folder = fileURLToPath(new URL(`./migrations/${dialect}/`, import.meta.url));
  return readdirSync(folder)
    .sort()
    .map((name, index) => {
      const number = Number(fileName.exec(name)?.[1]);
      if (number !== index + 1) {
        throw new Error(
          `migrations/${dialect}/${name}: expected number ${String(index + 1).padStart(4, "0")}`,
        );
      }
      const sql = readFileSync(`${folder}${name}`, "utf8").replaceAll("\r\n", "\n");
      return { number, name, checksum: createHash("sha256").update(sql).digest("hex"), sql };
    });
}

/** What is left to apply. Throws when an applied migration is not the one in the code. */
export function pendingMigrations(
  all: readonly Migration[],
  applied: readonly AppliedMigration[],
): readonly Migration[] {
  const byNumber = new Map(applied.map((migration) => [migration.number, migration]));
  return all.filter((migration) => {
    const known = byNumber.get(migration.number);
    if (known !== undefined && known.checksum !== migration.checksum) {
      throw new Error(
        `migration ${migration.name} was applied with another text (as ${known.name}): add a new one, never change one`,
      );
    }
    return known === undefined;
  });
}
