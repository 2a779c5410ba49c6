// A new, empty database for each run of a case, gone after it: none finds another's rows or dead tuples.
import { Database } from "bun:sqlite";
import { SQL } from "bun";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type StoreKind = "postgres" | "sqlite-file" | "sqlite-memory";

/** What --store names. */
export function storesOf(choice: "postgres" | "sqlite" | "both"): readonly StoreKind[] {
  return [
    ...(choice === "sqlite" ? [] : (["postgres"] as const)),
    ...(choice === "postgres" ? [] : (["sqlite-file", "sqlite-memory"] as const)),
  ];
}

export interface BenchDatabase {
  /** For DATABASE_URL. */
  readonly url: string;
  drop(): Promise<void>;
}

export async function createDatabase(kind: StoreKind, serverUrl: string): Promise<BenchDatabase> {
  switch (kind) {
    case "postgres":
      return createPostgresDatabase(serverUrl);
    case "sqlite-file":
      return createSqliteFile();
    case "sqlite-memory":
      return { url: "sqlite::memory:", drop: async () => undefined };
  }
}

/** Nobody may be connected to the original. */
export async function copyDatabase(
  kind: StoreKind,
  serverUrl: string,
  { url }: BenchDatabase,
): Promise<BenchDatabase> {
  switch (kind) {
    case "postgres":
      return createPostgresDatabase(serverUrl, new URL(url).pathname.slice(1));
    case "sqlite-file": {
      const copy = createSqliteFile();
      // Its log may still be beside it: a connection counts as open until its statements are collected.
      const original = new Database(sqlitePath(url));
      original.run("pragma wal_checkpoint(truncate)");
      original.close();
      copyFileSync(sqlitePath(url), sqlitePath(copy.url));
      return copy;
    }
    case "sqlite-memory":
      throw new Error("a database in memory cannot be copied");
  }
}

/** What it takes on the disk, in MB. */
export async function databaseMb({ url }: BenchDatabase): Promise<number> {
  if (!url.startsWith("postgres")) return Bun.file(sqlitePath(url)).size / 2 ** 20;
  const sql = new SQL(url, { max: 1 });
  const [row] = await sql<{ bytes: string }[]>`select pg_database_size(current_database()) as bytes`;
  await sql.close();
  return Number(row?.bytes) / 2 ** 20;
}

export function sqlitePath(url: string): string {
  return url.slice("sqlite:".length);
}

function createSqliteFile(): BenchDatabase {
  const directory = mkdtempSync(join(tmpdir(), "orderwire-bench-"));
  const drop = async () => rmSync(directory, { recursive: true, force: true });
  return { url: `sqlite:${join(directory, "orders.sqlite")}`, drop };
}

/** A copy of `template`, to which nobody may be connected; empty without one. */
export async function createPostgresDatabase(serverUrl: string, template?: string): Promise<BenchDatabase> {
  const name = `bench_${crypto.randomUUID().replaceAll("-", "")}`;
  const onServer = async (statement: string) => {
    const sql = new SQL(serverUrl, { max: 1 });
    await sql.unsafe(statement);
    await sql.close();
  };
  // File by file: the default of PostgreSQL 15 and later writes every page of a large one to its log.
  const copying = (await isBefore15(serverUrl)) ? "" : " strategy file_copy";
  await onServer(`create database ${name}${template === undefined ? "" : ` template ${template}${copying}`}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(`drop database ${name} with (force)`) };
}

async function isBefore15(serverUrl: string): Promise<boolean> {
  const sql = new SQL(serverUrl, { max: 1 });
  const [row] = await sql<
    { version: number }[]
  >`select current_setting('server_version_num')::int as version`;
  await sql.close();
  return (row?.version ?? 0) < 150_000;
}
