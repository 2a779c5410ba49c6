// The index of dead letters in SQLite. SQLite answers synchronously, so a search for text, which has to look at every
// letter, is done in stretches between which the process does its other work.
import type { Database } from "bun:sqlite";
import { addFates, forgetPlaces } from "../replays/store/create-letter-fates.ts";
import { countBetween } from "../replays/store/count-matching.ts";
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
  areOfFates,
  failedAgain,
  isAboutFate,
  looksAtEach,
  type PlaceValues,
  readCounts,
  readDeadLetterRow,
  readNamesakes,
  tallyLetters,
  toConditions,
  toDeadLetterRow,
  toFateRow,
  toPlaceValues,
} from "./dead-letter-row.ts";
import { listByTopic } from "./list-by-topic.ts";
import { toKeyText } from "./key-text.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import { runSqliteScript, sqliteDialect } from "./sql-script.ts";
import { inTransaction } from "./sqlite-transaction.ts";

const operators: Readonly<Record<DeadLetterCondition["test"], (column: string) => string>> = {
  equals: (column) => `${column} = ?`,
  "one of": (column) => `${column} in (select value from json_each(?))`,
  contains: (column) => `instr(${column}, ?) > 0`,
  "at least": (column) => `${column} >= ?`,
  below: (column) => `${column} < ?`,
};

/** Letters that one stretch of a search looks at: some ten milliseconds. */
const stretch = 10_000;

type Run = <Answer>(work: (connection: SqliteConnection) => Answer) => Promise<Answer>;

/** Both give work the open database; `write` when nobody else writes. */
export function createSqliteDeadLetterIndex(run: Run, write: Run): DeadLetterIndex {
  async function listLetters({ filter, limit, after, offset = 0 }: DeadLetterPage) {
    const conditions = toConditions(filter);
    const start = after === undefined ? beforeAll : toPlaceValues(after);
    const rows = conditions.some(looksAtEach)
      ? await search(run, conditions, { limit, offset, after: start })
      : await run(({ database }) =>
          select(database, conditions, { limit, offset, after: start, until: null }),
        );
    return rows.map(readDeadLetterRow);
  }

  const countLetters = (filter: DeadLetterFilter) =>
    run(({ database }) =>
      runSqliteScript(database, countBetween(sqliteDialect, toConditions(filter), undefined)),
    );

  return {
    async add(letters) {
      if (letters.length === 0) return;
      await write(({ database, deadLetters }) =>
        inTransaction(database, () => {
          const added: Added[] = [];
          const refused = letters.filter((letter) => !insertLetter(deadLetters, letter, added));
          const holders = refused.flatMap(({ id }) => deadLetters.selectLetter.get(toKeyText(id)) ?? []);
          const copies = [...refused];
          for (const letter of readNamesakes(refused, holders)) {
            if (!insertLetter(deadLetters, letter, added)) copies.push(letter);
          }
          for (const { dlq_topic, category, letters: count } of tallyLetters(added.map(({ row }) => row))) {
            deadLetters.addToLetterCount.run(dlq_topic, category, count);
          }
          const again = copies.flatMap((letter) => updateLetter(deadLetters, letter) ?? []);
          const changed = [...added.map(({ letter }) => letter), ...again];
          runSqliteScript(database, addFates(sqliteDialect, changed.map(toFateRow)));
        }),
      );
    },
    list: (page) => listByTopic(page, listLetters, countLetters),
    async get(id) {
      const row = await run(({ deadLetters }) => deadLetters.selectLetter.get(toKeyText(id)));
      return row === null ? undefined : readDeadLetterRow(row);
    },
    async count() {
      return readCounts(await run(({ deadLetters }) => deadLetters.selectLetterCounts.all()));
    },
    async clear() {
      await write(({ database }) =>
        inTransaction(database, () => {
          runSqliteScript(database, forgetPlaces());
          database.run("delete from dead_letters");
          database.run("delete from dead_letter_bodies");
          database.run("delete from dead_letter_counts");
          database.run("delete from dead_letter_topic_counts");
        }),
      );
    },
  };
}

function updateLetter(
  deadLetters: SqliteConnection["deadLetters"],
  later: IndexedDeadLetter,
): IndexedDeadLetter | undefined {
  const row = deadLetters.selectLetter.get(toKeyText(later.id));
  const letter = row === null ? undefined : failedAgain(row, later);
  if (row === null || letter === undefined) return undefined;
  const before = toDeadLetterRow(readDeadLetterRow(row));
  const changed = toDeadLetterRow(letter);
  deadLetters.updateLetter.run(
    changed.error_type,
    changed.category,
    changed.reason,
    changed.last_failed_at_ms,
    changed.search,
    changed.id,
  );
  deadLetters.updateBody.run(changed.document, changed.id);
  deadLetters.addToLetterCount.run(before.dlq_topic, before.category, -1);
  deadLetters.addToLetterCount.run(changed.dlq_topic, changed.category, 1);
  return letter;
}

interface Added {
  readonly letter: IndexedDeadLetter;
  readonly row: DeadLetterRow;
}

/** False when its id is in the index; else its row is among `added`. */
function insertLetter(
  { insertLetter: insert, insertBody }: SqliteConnection["deadLetters"],
  letter: IndexedDeadLetter,
  added: Added[],
): boolean {
  const row = toDeadLetterRow(letter);
  const { changes, lastInsertRowid } = insert.run(
    row.id,
    row.dlq_topic,
    row.dlq_partition,
    row.dlq_offset,
    row.topic,
    row.error_type,
    row.category,
    row.reason,
    row.order_id,
    row.last_failed_at_ms,
    row.search,
  );
  if (changes === 0) return false;
  insertBody.run(lastInsertRowid, row.document, row.key, row.value);
  added.push({ letter, row });
  return true;
}

const beforeAll: PlaceValues = ["", -1, 0];

interface Page {
  readonly limit: number;
  readonly offset: number;
  readonly after: PlaceValues;
}

/** Stretch after stretch in topic order, until the page is full or the letters end. */
async function search(
  run: Run,
  conditions: readonly DeadLetterCondition[],
  { limit, offset, after }: Page,
): Promise<readonly DeadLetterBodyRow[]> {
  const found: DeadLetterBodyRow[] = [];
  let skip = offset;
  let from: PlaceValues | null = after;
  while (from !== null && found.length < limit) {
    const start: PlaceValues = from;
    from = await run(({ database, deadLetters }) => {
      const end = deadLetters.selectStretchEnd.get(...start, stretch - 1);
      const until: PlaceValues | null =
        end === null ? null : [end.dlq_topic, end.dlq_partition, end.dlq_offset];
      const matches = select(database, conditions, {
        limit: skip + limit - found.length,
        offset: 0,
        after: start,
        until,
      });
      found.push(...matches.slice(skip));
      skip = Math.max(0, skip - matches.length);
      return until;
    });
    await Bun.sleep(0);
  }
  return found;
}

function select(
  database: Database,
  conditions: readonly DeadLetterCondition[],
  { limit, offset, after, until }: Page & { readonly until: PlaceValues | null },
): readonly DeadLetterBodyRow[] {
  const isByFate = conditions.some(isAboutFate);
  const ofFates = areOfFates(conditions);
  // What became of letters is in an index of its own, in their order.
  const table = isByFate ? "letter_fates" : "dead_letters";
  const place = `${table}.dlq_topic, ${table}.dlq_partition, ${table}.dlq_offset`;
  const clauses = [`(${place}) > (?, ?, ?)`];
  const values: (string | number)[] = [...after];
  if (until !== null) {
    clauses.push(`(${place}) <= (?, ?, ?)`);
    values.push(...until);
  }
  for (const condition of conditions) {
    const { column, test, value } = condition;
    const own = column === "document" ? "dead_letter_bodies" : "dead_letters";
    clauses.push(operators[test](`${ofFates || isAboutFate(condition) ? "letter_fates" : own}.${column}`));
    values.push(value);
  }
  values.push(limit, offset);
  if (ofFates) {
    const text = `select document, key, value from (
        select id as letter, dlq_topic as place_topic, dlq_partition as place_partition, dlq_offset as place_offset
        from letter_fates where dlq_partition >= 0 and ${clauses.join(" and ")} order by ${place} limit ? offset ?
      ) as page cross join dead_letters on dead_letters.id = letter join dead_letter_bodies using (number)
      order by place_topic, place_partition, place_offset`;
    return database.query<DeadLetterBodyRow, (string | number)[]>(text).all(...values);
  }
  // The letters are looked up after the page has been found.
  const text = `select document, key, value from dead_letters join dead_letter_bodies using (number)
    ${isByFate ? "join letter_fates on letter_fates.id = dead_letters.id" : ""}
    where ${clauses.join(" and ")} order by ${place} limit ? offset ?`;
  return database.query<DeadLetterBodyRow, (string | number)[]>(text).all(...values);
}
