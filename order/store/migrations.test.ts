import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Migration, pendingMigrations, readMigrations } from "./migrations.ts";
import { openSqliteConnection } from "./sqlite-connection.ts";

const first: Migration = {
  number: 1,
  name: "0001-a.sql",
  checksum: "1",
  sql: "create table a (x); insert into a values (1);",
};
const second: Migration = {
  number: 2,
  name: "0002-b.sql",
  checksum: "2",
  sql: "alter table a add column y;",
};

describe("migrations", () => {
  let path: string;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "order-migrations-"));
    path = join(folder, "orders.sqlite");
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("both dialects have the same migrations, numbered from 1 without a gap", () => {
    const names = readMigrations("postgres").map(({ name }) => name);
    expect(readMigrations("sqlite").map(({ name }) => name)).toEqual(names);
    expect(names[0]).toBe("0001-orders.sql");
  });

  test("each is applied once, in order, also by a later version of the code", () => {
    const applied: Migration[] = [];
    expect(pendingMigrations([first, second], applied)).toEqual([first, second]);
    expect(pendingMigrations([first, second], [first])).toEqual([second]);
    expect(pendingMigrations([first, second], [second, first])).toEqual([]);
  });

  test("one that changed after it was applied stops the service", () => {
    const changed = { ...first, checksum: "other" };
    expect(() => pendingMigrations([changed, second], [first])).toThrow(
      "0001-a.sql was applied with another text",
    );
  });

  test("a database ahead of the code is left alone", () => {
    expect(pendingMigrations([first], [first, second])).toEqual([]);
  });

  test("one that fails leaves the database as it was", () => {
    const broken: Migration = { ...second, sql: "create table b (x); insert into missing values (1);" };
    const prepare = () => openSqliteConnection(path, [...readMigrations("sqlite"), { ...broken, number: 2 }]);
    expect(prepare).toThrow("no such table: missing");
    const database = new Database(path);
    expect(database.query("select name from sqlite_schema where type = 'table'").all()).toEqual([]);
    database.close();
    openSqliteConnection(path, readMigrations("sqlite")).database.close();
  });
});
