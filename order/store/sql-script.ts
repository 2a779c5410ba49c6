// Statements that both dialects share, as scripts: a generator that yields a statement and is given its rows. In SQLite a
// script runs synchronously, so no transaction is open across an await; in PostgreSQL each statement is awaited. A script is one
// transaction, whole or not at all.
//
// Parameters are `$1`, `$2`, … in both. Numbers are answered as `double precision`, since PostgreSQL's bigint arrives as text.
import type { Database, SQLQueryBindings } from "bun:sqlite";
import type { SQL } from "bun";

type SqlValue = string | number | null;

interface Statement {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** What it is given are the rows of its statement, as whoever wrote the statement knows them: see `ask`. */
export type Script<Answer> = Generator<Statement, Answer, readonly never[]>;

/** The few things that the dialects say differently. */
export interface Dialect {
  /** `record`, a table of the JSON array of objects in this parameter. */
  recordsOf(parameter: string, columns: Readonly<Record<string, "text" | "integer" | "bigint">>): string;
  contains(column: string, parameter: string): string;
  /** The parameter is a JSON list of texts. */
  isOneOf(column: string, parameter: string): string;
  /** Whether many rows are changed by one statement, or one after the other, which is quick where nothing is in between. */
  readonly changesAtOnce: boolean;
  /** The tables that have a dead letter whole, joined. */
  readonly letters: string;
  /** The one of them that has its document. */
  readonly bodies: string;
  /** After a `select` whose rows are about to be changed. */
  readonly forUpdate: string;
  /** The column has a transaction's number, and every transaction up to it has ended: no row can come in before. */
  settled(column: string): string;
}

/** One statement of a script. `Row` is what the statement's columns are: the store has written them itself. */
export function* ask<Row>(text: string, values: readonly SqlValue[] = []): Script<readonly Row[]> {
  return yield { text, values };
}

export interface Update<Column extends string> {
  readonly table: string;
  /** In these the fields of a record are `record.name`. */
  readonly set: string;
  readonly where: string;
  readonly returning: string;
  readonly columns: Readonly<Record<Column, "text" | "integer" | "bigint">>;
}

/** Changes a row for each record that finds one; answers the rows. */
export function* updateEach<Row, Column extends string>(
  dialect: Dialect,
  { table, set, where, returning, columns }: Update<Column>,
  records: readonly Readonly<Record<Column, SqlValue>>[],
): Script<readonly Row[]> {
  if (dialect.changesAtOnce) {
    return yield* ask<Row>(
      `update ${table} set ${set} from ${dialect.recordsOf("$1", columns)} where ${where} returning ${returning}`,
      [JSON.stringify(records)],
    );
  }
  const names: string[] = Object.keys(columns);
  const numbered = `update ${table} set ${set} where ${where} returning ${returning}`.replaceAll(
    /\brecord\.(\w+)/g,
    (_, name: string) => `$${names.indexOf(name) + 1}`,
  );
  const changed: Row[] = [];
  for (const record of records) {
    const values = new Map<string, SqlValue>(Object.entries(record));
    changed.push(
      ...(yield* ask<Row>(
        numbered,
        names.map((name) => values.get(name) ?? null),
      )),
    );
  }
  return changed;
}

export const sqliteDialect: Dialect = {
  recordsOf(parameter, columns) {
    const fields = Object.keys(columns).map((name) => `json_extract(value, '$.${name}') as ${name}`);
    return `(select ${fields.join(", ")} from json_each(${parameter})) as record`;
  },
  contains: (column, parameter) => `instr(${column}, ${parameter}) > 0`,
  isOneOf: (column, parameter) => `${column} in (select value from json_each(${parameter}))`,
  // SQLite might walk the table and look every row up in the JSON: minutes instead of milliseconds.
  changesAtOnce: false,
  letters: "dead_letters join dead_letter_bodies using (number)",
  bodies: "dead_letter_bodies",
  forUpdate: "",
  // One writer at a time: rows come in order.
  settled: () => "true",
};

export const postgresDialect: Dialect = {
  recordsOf(parameter, columns) {
    const fields = Object.entries(columns).map(([name, type]) => `${name} ${type}`);
    return `json_to_recordset(${parameter}::text::json) as record (${fields.join(", ")})`;
  },
  contains: (column, parameter) => `strpos(${column}, ${parameter}) > 0`,
  isOneOf: (column, parameter) =>
    `${column} = any(array(select json_array_elements_text(${parameter}::text::json)) collate "C")`,
  changesAtOnce: true,
  letters: "dead_letters",
  bodies: "dead_letters",
  forUpdate: "for update",
  settled: (column) => `${column} < pg_snapshot_xmin(pg_current_snapshot())::text::bigint`,
};

/** To be called inside of a transaction. */
export function runSqliteScript<Answer>(database: Database, script: Script<Answer>): Answer {
  let step = script.next([]);
  while (step.done !== true) {
    const { text, values } = step.value;
    const statement = database.query<never, SQLQueryBindings[]>(text.replaceAll(/\$(\d+)/g, "?$1"));
    step = script.next(statement.all(...values));
  }
  return step.value;
}

/** On a transaction. */
export async function runPostgresScript<Answer>(sql: SQL, script: Script<Answer>): Promise<Answer> {
  let step = script.next([]);
  while (step.done !== true) {
    const { text, values } = step.value;
    step = script.next(await sql.unsafe<never[]>(text, [...values]));
  }
  return step.value;
}
