import type { Database, SQLQueryBindings } from "bun:sqlite";
import { type DeadLetterBodyRow, deadLetterColumns } from "./dead-letter-row.ts";

export function prepareDeadLetterStatements(database: Database) {
  return {
    insertLetter: database.prepare<never, SQLQueryBindings[]>(
      `insert into dead_letters (${deadLetterColumns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (id) do nothing`,
    ),
    insertBody: database.prepare<
      never,
      [number: number | bigint, document: string, key: Uint8Array | null, value: Uint8Array | null]
    >("insert into dead_letter_bodies (number, document, key, value) values (?, ?, ?, ?)"),
    updateLetter: database.prepare<never, SQLQueryBindings[]>(
      `update dead_letters set error_type = ?, category = ?, reason = ?, last_failed_at_ms = ?, search = ?
       where id = ?`,
    ),
    updateBody: database.prepare<never, [document: string, id: string]>(
      "update dead_letter_bodies set document = ? where number = (select number from dead_letters where id = ?)",
    ),
    addToLetterCount: database.prepare<never, [category: string, letters: number]>(
      `insert into dead_letter_counts (category, letters) values (?, ?)
       on conflict (category) do update set letters = letters + excluded.letters`,
    ),
    selectLetterCounts: database.prepare<{ category: string; letters: number }, []>(
      "select category, letters from dead_letter_counts order by category",
    ),
    selectLetter: database.prepare<DeadLetterBodyRow, [id: string]>(
      "select document, key, value from dead_letters join dead_letter_bodies using (number) where id = ?",
    ),
    selectStretchEnd: database.prepare<PlaceRow, [partition: number, offset: number, skip: number]>(
      `select dlq_partition, dlq_offset from dead_letters where (dlq_partition, dlq_offset) > (?, ?)
       order by dlq_partition, dlq_offset limit 1 offset ?`,
    ),
  };
}

interface PlaceRow {
  readonly dlq_partition: number;
  readonly dlq_offset: number;
}
