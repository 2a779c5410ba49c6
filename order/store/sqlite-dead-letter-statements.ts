import type { Database, SQLQueryBindings } from "bun:sqlite";
import {
  type DeadLetterBodyRow,
  type DeadLetterRow,
  type SelectedCountRow,
  deadLetterColumns,
  selectCounts,
} from "./dead-letter-row.ts";

export function prepareDeadLetterStatements(database: Database) {
  return {
    insertLetter: database.prepare<never, SQLQueryBindings[]>(
      `insert into dead_letters (${deadLetterColumns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (id) do nothing`,
    ),
    insertBody: database.prepare<
      never,
      [number: number | bigint, document: string, key: Uint8Array | null, value: Uint8Array | null]
    >("insert into dead_letter_bodies (number, document, key, value) values (?, ?, ?, ?)"),
    addToLetterCount: database.prepare<never, [topic: string, category: string, letters: number]>(
      `insert into dead_letter_topic_counts (dlq_topic, category, letters) values (?, ?, ?)
       on conflict (dlq_topic, category) do update set letters = letters + excluded.letters`,
    ),
    selectLetterCounts: database.prepare<SelectedCountRow, []>(selectCounts),
    selectLetter: database.prepare<DeadLetterBodyRow, [id: string]>(
      "select document, key, value from dead_letters join dead_letter_bodies using (number) where id = ?",
    ),
    selectStretchEnd: database.prepare<
      Pick<DeadLetterRow, "dlq_topic" | "dlq_partition" | "dlq_offset">,
      [topic: string, partition: number, offset: number, skip: number]
    >(
      `select dlq_topic, dlq_partition, dlq_offset from dead_letters where (dlq_topic, dlq_partition, dlq_offset) > (?, ?, ?)
       order by dlq_topic, dlq_partition, dlq_offset limit 1 offset ?`,
    ),
  };
}
