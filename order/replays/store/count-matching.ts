// How many letters match a filter, within a bounded time. What an index can answer is counted at once; a text or a header is looked
// for in stretches, so that no statement runs long and in SQLite the process answers meanwhile.
import type { DeadLetterFilter } from "../../store/dead-letter-index.ts";
import {
  type DeadLetterCondition,
  isAboutFate,
  looksAtEach,
  type PlaceValues,
  toConditions,
} from "../../store/dead-letter-row.ts";
import { ask, type Dialect, type Script } from "../../store/sql-script.ts";
import type { ReplayStoreOptions } from "./create-replay-store.ts";
import type { MatchingLetters } from "./letter-fates.ts";
import { conditionText } from "./letters-in-scope.ts";

/** Letters that one statement looks at. */
const stretch = 10_000;

/** `hasTime` is asked between two stretches: what was counted until it says no is the answer. */
export async function countMatching(
  { dialect, read }: Pick<ReplayStoreOptions, "dialect" | "read">,
  filter: DeadLetterFilter,
  hasTime: () => boolean,
): Promise<MatchingLetters> {
  const conditions = toConditions(filter);
  if (!conditions.some(looksAtEach)) {
    return { count: await read(() => countBetween(dialect, conditions, undefined)), isExact: true };
  }
  let count = 0;
  let after: PlaceValues = ["", -1, 0];
  for (;;) {
    const start = after;
    const until = await read(() => selectStretchEnd(start));
    count += await read(() => countBetween(dialect, conditions, { after: start, until }));
    if (until === null) return { count, isExact: true };
    if (!hasTime()) return { count, isExact: false };
    after = until;
    await Bun.sleep(0);
  }
}

/** Null when the letters end in this stretch. */
function* selectStretchEnd(after: PlaceValues): Script<PlaceValues | null> {
  const [end] = yield* ask<{ dlq_topic: string; dlq_partition: number; dlq_offset: number }>(
    `select dlq_topic, dlq_partition, cast(dlq_offset as double precision) as dlq_offset from dead_letters
     where (dlq_topic, dlq_partition, dlq_offset) > ($1, cast($2 as integer), cast($3 as bigint))
     order by dead_letters.dlq_topic, dead_letters.dlq_partition, dead_letters.dlq_offset limit 1 offset ${stretch - 1}`,
    [...after],
  );
  return end === undefined ? null : [end.dlq_topic, end.dlq_partition, end.dlq_offset];
}

export function* countBetween(
  dialect: Dialect,
  conditions: readonly DeadLetterCondition[],
  between: { readonly after: PlaceValues; readonly until: PlaceValues | null } | undefined,
): Script<number> {
  const values: (string | number)[] = [];
  const next = (value: string | number) => {
    values.push(value);
    return `$${values.length}`;
  };
  const place = "(dead_letters.dlq_topic, dead_letters.dlq_partition, dead_letters.dlq_offset)";
  const bound = (test: ">" | "<=", [topic, partition, offset]: PlaceValues) =>
    `${place} ${test} (${next(topic)}, cast(${next(partition)} as integer), cast(${next(offset)} as bigint))`;
  const clauses = between === undefined ? [] : [bound(">", between.after)];
  if (between !== undefined && between.until !== null) clauses.push(bound("<=", between.until));
  for (const condition of conditions) {
    clauses.push(
      conditionText(dialect, condition, isAboutFate(condition) ? "letter_fates" : "dead_letters", next),
    );
  }
  const letters = conditions.some(({ column }) => column === "document") ? dialect.letters : "dead_letters";
  const fates = conditions.some(isAboutFate) ? "join letter_fates on letter_fates.id = dead_letters.id" : "";
  const [row] = yield* ask<{ letters: number }>(
    `select cast(count(*) as double precision) as letters from ${letters} ${fates}
     ${clauses.length === 0 ? "" : `where ${clauses.join(" and ")}`}`,
    values,
  );
  return row?.letters ?? 0;
}
