// The index of dead letters in PostgreSQL. Texts of any origin are stored in forms that it can hold (dead-letter-row.ts),
// so no letter can stop the topic from being read on.
import type { SQL } from "bun";
import { addFates, forgetPlaces } from "../replays/store/create-letter-fates.ts";
import { chunkByBytes } from "./chunk-by-bytes.ts";
import type { DeadLetterIndex, IndexedDeadLetter } from "./dead-letter-index.ts";
import {
  type DeadLetterBodyRow,
  type DeadLetterCondition,
  type DeadLetterRow,
  deadLetterColumns,
  failedAgain,
  isAboutFate,
  readCategoryCounts,
  readDeadLetterRow,
  tallyCategories,
  toConditions,
  toDeadLetterRow,
  toFateRow,
} from "./dead-letter-row.ts";
import { toKeyText } from "./key-text.ts";
import { postgresDialect, runPostgresScript } from "./sql-script.ts";

const operators: Readonly<Record<DeadLetterCondition["test"], (column: string, value: string) => string>> = {
  equals: (column, value) => `${column} = ${value}`,
  contains: (column, value) => `strpos(${column}, ${value}) > 0`,
  "at least": (column, value) => `${column} >= ${value}::bigint`,
  below: (column, value) => `${column} < ${value}::bigint`,
};

/** `run` gives work a pool of connections on a database that has its tables. */
export function createPostgresDeadLetterIndex(
  run: <Answer>(work: (sql: SQL) => Promise<Answer>) => Promise<Answer>,
): DeadLetterIndex {
  return {
    async add(letters) {
      if (letters.length === 0) return;
      // In one order for every instance, so that two which read the same letters cannot deadlock.
      const rows = letters.map(toDeadLetterRow).toSorted((left, right) => (left.id < right.id ? -1 : 1));
      await run((sql) => sql.begin((tx) => writeLetters(tx, letters, rows)));
    },
    async list({ filter, limit, after, offset = 0 }) {
      const conditions = toConditions(filter);
      const values: (string | number)[] = conditions.map(({ value }) => value);
      const isByFate = conditions.some(isAboutFate);
      // What became of letters is in an index of its own, in their order.
      const table = isByFate ? "letter_fates" : "dead_letters";
      const place = `${table}.dlq_partition, ${table}.dlq_offset`;
      const clauses = conditions.map((condition, index) => {
        const name = `${isAboutFate(condition) ? "letter_fates" : "dead_letters"}.${condition.column}`;
        return operators[condition.test](name, `$${index + 1}`);
      });
      const next = () => `$${values.length}`;
      if (after !== undefined) {
        values.push(after.dlqPartition);
        const partition = next();
        values.push(after.dlqOffset);
        clauses.push(`(${place}) > (${partition}::integer, ${next()}::bigint)`);
      }
      values.push(limit);
      const limitValue = next();
      values.push(offset);
      const text = `select document, key, value from dead_letters
        ${isByFate ? "join letter_fates on letter_fates.id = dead_letters.id" : ""} ${clauses.length === 0 ? "" : `where ${clauses.join(" and ")}`}
        order by ${place} limit ${limitValue} offset ${next()}`;
      return (await run((sql) => sql.unsafe<DeadLetterBodyRow[]>(text, values))).map(readDeadLetterRow);
    },
    async get(id) {
      const rows = await run(
        (sql) =>
          sql<DeadLetterBodyRow[]>`select document, key, value from dead_letters where id = ${toKeyText(id)}`,
      );
      return rows.map(readDeadLetterRow)[0];
    },
    async countByCategory() {
      const rows = await run(
        (sql) =>
          sql<
            { category: string; letters: number }[]
          >`select category, letters::float8 as letters from dead_letter_counts order by category`,
      );
      return readCategoryCounts(rows);
    },
    async clear() {
      await run((sql) =>
        sql.begin(async (tx) => {
          await tx`lock table dead_letters in access exclusive mode`;
          await runPostgresScript(tx, forgetPlaces());
          await tx`truncate dead_letters, dead_letter_counts`;
        }),
      );
    },
  };
}

async function writeLetters(
  tx: SQL,
  letters: readonly IndexedDeadLetter[],
  rows: readonly DeadLetterRow[],
): Promise<void> {
  const added = await insertLetters(tx, rows);
  const changed: IndexedDeadLetter[] = [];
  for (const letter of letters.toSorted((left, right) => (left.id < right.id ? -1 : 1))) {
    if (added.has(toKeyText(letter.id))) changed.push(letter);
    else changed.push(...(await updateLetter(tx, letter)));
  }
  await runPostgresScript(tx, addFates(postgresDialect, changed.map(toFateRow)));
}

/** None when it tells of no later failure. */
async function updateLetter(tx: SQL, later: IndexedDeadLetter): Promise<readonly IndexedDeadLetter[]> {
  const id = toKeyText(later.id);
  const [row] = await tx<
    DeadLetterBodyRow[]
  >`select document, key, value from dead_letters where id = ${id} for update`;
  const letter = row === undefined ? undefined : failedAgain(row, later);
  if (row === undefined || letter === undefined) return [];
  const before = readDeadLetterRow(row).death.category;
  const { error_type, category, reason, last_failed_at_ms, search, document } = toDeadLetterRow(letter);
  await tx`update dead_letters set error_type = ${error_type}, category = ${category}, reason = ${reason},
    last_failed_at_ms = ${last_failed_at_ms}::bigint, search = ${search},
    document = ${document} where id = ${id}`;
  if (letter.death.category === before) return [letter];
  await tx`update dead_letter_counts set letters = letters - 1 where category = ${toKeyText(before)}`;
  await addToCounts(tx, [category]);
  return [letter];
}

/** Answers the ids of those that it added, as key text. */
async function insertLetters(sql: SQL, rows: readonly DeadLetterRow[]): Promise<ReadonlySet<string>> {
  const text = `insert into dead_letters (${deadLetterColumns}, document, key, value)
    select ${deadLetterColumns}, document, decode(key, 'base64'), decode(value, 'base64')
    from json_to_recordset($1::text::json) as record (id text, dlq_partition integer, dlq_offset bigint, topic text,
      error_type text, category text, reason text, order_id text, last_failed_at_ms bigint, search text, document text,
      key text, value text)
    on conflict (id) do nothing returning id, category`;
  const added: { id: string; category: string }[] = [];
  for (const chunk of chunkByBytes(rows, sizeOf)) {
    const records = chunk.map((row) => ({ ...row, key: toBase64(row.key), value: toBase64(row.value) }));
    const written = await sql.unsafe<{ id: string; category: string }[]>(text, [JSON.stringify(records)]);
    added.push(...written);
  }
  if (added.length > 0)
    await addToCounts(
      sql,
      added.map(({ category }) => category),
    );
  return new Set(added.map(({ id }) => id));
}

async function addToCounts(sql: SQL, categories: readonly string[]): Promise<void> {
  const text = `insert into dead_letter_counts as counts (category, letters)
    select category, letters from json_to_recordset($1::text::json) as record (category text, letters bigint)
    on conflict (category) do update set letters = counts.letters + excluded.letters`;
  await sql.unsafe(text, [JSON.stringify(tallyCategories(categories))]);
}

function sizeOf({ document, search, key, value }: DeadLetterRow): number {
  return document.length + search.length + (key?.length ?? 0) + (value?.length ?? 0);
}

function toBase64(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString("base64");
}
