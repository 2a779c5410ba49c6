// A new, empty database for each run of a case, gone after it: none finds another's rows or dead tuples.
import { SQL } from "bun";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type StoreKind = "postgres" | "sqlite-file" | "sqlite-memory";

export interface BenchDatabase {
  /** For DATABASE_URL. */
  readonly url: string;
  drop(): Promise<void>;
}

export async function createDatabase(kind: StoreKind, serverUrl: string): Promise<BenchDatabase> {
  switch (kind) {
    case "postgres":
      return createPostgresDatabase(serverUrl);
    case "sqlite-file": {
      const directory = mkdtempSync(join(tmpdir(), "orderwire-bench-"));
      const drop = async () => rmSync(directory, { recursive: true, force: true });
      return { url: `sqlite:${join(directory, "orders.sqlite")}`, drop };
    }
    case "sqlite-memory":
      return { url: "sqlite::memory:", drop: async () => undefined };
  }
}

/** A copy of `template`, to which nobody may be connected; empty without one. */
export async function createPostgresDatabase(serverUrl: string, template?: string): Promise<BenchDatabase> {
  const name = `bench_${crypto.randomUUID().replaceAll("-", "")}`;
  const onServer = async (statement: string) => {
    const sql = new SQL(serverUrl, { max: 1 });
    await sql.unsafe(statement);
    await sql.close();
  };
  await onServer(`create database ${name}${template === undefined ? "" : ` template ${template}`}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(`drop database ${name} with (force)`) };
}
