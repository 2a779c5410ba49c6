// The index of dead letters in PostgreSQL. Texts of any origin are stored in forms that it can hold (dead-letter-row.ts),
// so no letter can stop the topic from being read on.
import type { SQL } from "bun";
import { addFates, forgetPlaces } from "../replays/store/create-letter-fates.ts";
import { countBetween } from "../replays/store/count-matching.ts";
import { chunkByBytes } from "./chunk-by-bytes.ts";
import type {
  DeadLetterFilter,
  DeadLetterIndex,
  DeadLetterPage,
  IndexedDeadLetter,
} from "./dead-letter-index.ts";
import {
  type DeadLetterBodyRow,
  type DeadLetterCondition,
  type DeadLetterRow,
  type SelectedCountRow,
  areOfFates,
  deadLetterColumns,
  failedAgain,
  isAboutFate,
  readCounts,
  readDeadLetterRow,
  readNamesakes,
  selectCounts,
  tallyLetters,
  toConditions,
  toDeadLetterRow,
  toPlaceValues,
  toFateRow,
} from "./dead-letter-row.ts";
import { listByTopic } from "./list-by-topic.ts";
import { toKeyText } from "./key-text.ts";
import { postgresDialect, runPostgresScript } from "./sql-script.ts";

const operators: Readonly<Record<DeadLetterCondition["test"], (column: string, value: string) => string>> = {
  equals: (column, value) => `${column} = ${value}`,
  "one of": (column, value) =>
    `${column} = any(array(select json_array_elements_text(${value}::text::json)) collate "C")`,
  contains: (column, value) => `strpos(${column}, ${value}) > 0`,
  "at least": (column, value) => `${column} >= ${value}::bigint`,
  below: (column, value) => `${column} < ${value}::bigint`,
};

/** `run` gives work a pool of connections on a database that has its tables. */
export function createPostgresDeadLetterIndex(
  run: <Answer>(work: (sql: SQL) => Promise<Answer>) => Promise<Answer>,
): DeadLetterIndex {
  async function listLetters({ filter, limit, after, offset = 0 }: DeadLetterPage) {
    const conditions = toConditions(filter);
    const values: (string | number)[] = [];
    const next = (value: string | number) => {
      values.push(value);
      return `$${values.length}`;
    };
    // What became of letters is in an index of its own, in their order.
    const isByFate = conditions.some(isAboutFate);
    const ofFates = areOfFates(conditions);
    const table = isByFate ? "letter_fates" : "dead_letters";
    const place = `${table}.dlq_topic, ${table}.dlq_partition, ${table}.dlq_offset`;
    const clauses = conditions.map((condition) => {
      const own = ofFates || isAboutFate(condition) ? "letter_fates" : "dead_letters";
      return operators[condition.test](`${own}.${condition.column}`, next(condition.value));
    });
    if (ofFates) clauses.push("letter_fates.dlq_partition >= 0");
    if (after !== undefined) {
      const [topic, partition, offsetAfter] = toPlaceValues(after);
      clauses.push(
        `(${place}) > (${next(topic)}, ${next(partition)}::integer, ${next(offsetAfter)}::bigint)`,
      );
    }
    const joined = isByFate
      ? "dead_letters join letter_fates on letter_fates.id = dead_letters.id"
      : "dead_letters";
    // The letters themselves are fetched when the page has been found: what is sorted or passed over stays narrow.
    const text = `select document, key, value from (
        select ${table}.id as letter, ${table}.dlq_topic as place_topic, ${table}.dlq_partition as place_partition,
          ${table}.dlq_offset as place_offset
        from ${ofFates ? "letter_fates" : joined} ${clauses.length === 0 ? "" : `where ${clauses.join(" and ")}`}
        order by ${place} limit ${next(limit)} offset ${next(offset)}
      ) as page join dead_letters on dead_letters.id = letter
      order by place_topic, place_partition, place_offset`;
    return (await run((sql) => sql.unsafe<DeadLetterBodyRow[]>(text, values))).map(readDeadLetterRow);
  }

  const countLetters = (filter: DeadLetterFilter) =>
    run((sql) => runPostgresScript(sql, countBetween(postgresDialect, toConditions(filter), undefined)));

  return {
    async add(letters) {
      if (letters.length === 0) return;
      await run((sql) =>
        sql.begin(async (tx) => {
          const added = await insertLetters(tx, letters);
          const namesakes = readNamesakes(added.refused, await selectHolders(tx, added.refused));
          const renamed = await insertLetters(tx, namesakes);
          const taken = [...added.taken, ...renamed.taken];
          await addToCounts(
            tx,
            taken.map(({ row }) => row),
          );
          const changed = taken.map(({ letter }) => letter);
          for (const copy of [...added.refused, ...renamed.refused])
            changed.push(...(await updateLetter(tx, copy)));
          await runPostgresScript(tx, addFates(postgresDialect, changed.map(toFateRow)));
        }),
      );
    },
    list: (page) => listByTopic(page, listLetters, countLetters),
    async get(id) {
      const rows = await run(
        (sql) =>
          sql<DeadLetterBodyRow[]>`select document, key, value from dead_letters where id = ${toKeyText(id)}`,
      );
      return rows.map(readDeadLetterRow)[0];
    },
    async count() {
      return readCounts(await run((sql) => sql.unsafe<SelectedCountRow[]>(selectCounts)));
    },
    async clear() {
      await run((sql) =>
        sql.begin(async (tx) => {
          await tx`lock table dead_letters in access exclusive mode`;
          await runPostgresScript(tx, forgetPlaces());
          await tx`truncate dead_letters, dead_letter_counts, dead_letter_topic_counts`;
        }),
      );
    },
  };
}

/** None when it tells of no later failure of the same event. */
async function updateLetter(tx: SQL, later: IndexedDeadLetter): Promise<readonly IndexedDeadLetter[]> {
  const id = toKeyText(later.id);
  const [row] = await tx<
    DeadLetterBodyRow[]
  >`select document, key, value from dead_letters where id = ${id} for update`;
  const letter = row === undefined ? undefined : failedAgain(row, later);
  if (row === undefined || letter === undefined) return [];
  const before = toDeadLetterRow(readDeadLetterRow(row));
  const after = toDeadLetterRow(letter);
  const { error_type, category, reason, last_failed_at_ms, search, document } = after;
  await tx`update dead_letters set error_type = ${error_type}, category = ${category}, reason = ${reason},
    last_failed_at_ms = ${last_failed_at_ms}::bigint, search = ${search}, document = ${document} where id = ${id}`;
  await tx`update dead_letter_topic_counts set letters = letters - 1
    where dlq_topic = ${before.dlq_topic} and category = ${before.category}`;
  await addToCounts(tx, [after]);
  return [letter];
}

interface Insertion {
  readonly taken: readonly { readonly letter: IndexedDeadLetter; readonly row: DeadLetterRow }[];
  /** The index has their ids. */
  readonly refused: readonly IndexedDeadLetter[];
}

async function insertLetters(sql: SQL, letters: readonly IndexedDeadLetter[]): Promise<Insertion> {
  const text = `insert into dead_letters (${deadLetterColumns}, document, key, value)
    select ${deadLetterColumns}, document, decode(key, 'base64'), decode(value, 'base64')
    from json_to_recordset($1::text::json) as record (id text, dlq_topic text, dlq_partition integer, dlq_offset bigint,
      topic text, error_type text, category text, reason text, order_id text, last_failed_at_ms bigint, search text,
      document text, key text, value text)
    on conflict (id) do nothing returning id`;
  const taken: { letter: IndexedDeadLetter; row: DeadLetterRow }[] = [];
  const refused: IndexedDeadLetter[] = [];
  // In one order for every instance, so that two which read the same letters cannot deadlock; copies stay in theirs.
  const sorted = letters
    .map((letter) => ({ letter, row: toDeadLetterRow(letter) }))
    .toSorted((left, right) => Number(left.row.id > right.row.id) - Number(left.row.id < right.row.id));
  for (const chunk of chunkByBytes(sorted, ({ row }) => sizeOf(row))) {
    const records = chunk.map(({ row }) => ({ ...row, key: toBase64(row.key), value: toBase64(row.value) }));
    const written = await sql.unsafe<{ id: string }[]>(text, [JSON.stringify(records)]);
    const left = new Set(written.map(({ id }) => id));
    for (const { letter, row } of chunk) {
      // Of several with one id the first was taken.
      if (left.delete(row.id)) taken.push({ letter, row });
      else refused.push(letter);
    }
  }
  return { taken, refused };
}

async function selectHolders(
  sql: SQL,
  refused: readonly IndexedDeadLetter[],
): Promise<readonly Pick<DeadLetterBodyRow, "document">[]> {
  if (refused.length === 0) return [];
  const ids = JSON.stringify([...new Set(refused.map(({ id }) => toKeyText(id)))]);
  const text = `select document from dead_letters
    where id = any(array(select json_array_elements_text($1::text::json)) collate "C")`;
  return await sql.unsafe<Pick<DeadLetterBodyRow, "document">[]>(text, [ids]);
}

async function addToCounts(sql: SQL, rows: readonly DeadLetterRow[]): Promise<void> {
  if (rows.length === 0) return;
  const text = `insert into dead_letter_topic_counts as counts (dlq_topic, category, letters)
    select dlq_topic, category, letters
    from json_to_recordset($1::text::json) as record (dlq_topic text, category text, letters bigint)
    on conflict (dlq_topic, category) do update set letters = counts.letters + excluded.letters`;
  await sql.unsafe(text, [JSON.stringify(tallyLetters(rows))]);
}

function sizeOf({ document, search, key, value }: DeadLetterRow): number {
  return document.length + search.length + (key?.length ?? 0) + (value?.length ?? 0);
}

function toBase64(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString("base64");
}
