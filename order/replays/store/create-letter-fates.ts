// States and groups of dead letters in either dialect. Nothing is counted ahead: a group is what its letters are, read from an
// index that covers the question.
import type { FateRow as AddedFate } from "../../store/dead-letter-row.ts";
import { readKeyText, toKeyText } from "../../store/key-text.ts";
import { ask, type Dialect, type Script } from "../../store/sql-script.ts";
import type { LetterState } from "../domain/replay.ts";
import type { GroupNote, LetterFate, LetterFates, LetterGroup } from "./letter-fates.ts";
import { pieceSize } from "./gather-letters.ts";
import type { LetterScope } from "./replay-store.ts";
import { countMatching } from "./count-matching.ts";
import { lettersInScope } from "./letters-in-scope.ts";
import type { ReplayStoreOptions } from "./create-replay-store.ts";

export function createLetterFates({
  dialect,
  run,
  read,
}: Omit<ReplayStoreOptions, "joinBodies" | "bodiesTable">): LetterFates {
  return {
    of: (ids) => read(() => selectFates(dialect, ids)),
    groups: (nowMs) => read(() => selectGroups(nowMs)),
    annotate: (fingerprint, note) => run(() => annotate(fingerprint, note)),
    async move(scope, from, to) {
      let count = 0;
      for (;;) {
        const moved = await run(() => movePiece(dialect, scope, from, to));
        count += moved;
        if (moved < pieceSize) return count;
      }
    },
    count: (scope, states) =>
      read(function* () {
        const { text, values } = lettersInScope(dialect, scope, states, 0);
        const [row] = yield* ask<{ letters: number }>(
          `select cast(count(*) as double precision) as letters from letter_fates where ${text}`,
          values,
        );
        return row?.letters ?? 0;
      }),
    countMatching: (filter, hasTime) => countMatching({ dialect, read }, filter, hasTime),
    countByState: () =>
      read(function* () {
        const rows = yield* ask<{ state: LetterState; letters: number }>(
          `select state, cast(count(*) as double precision) as letters from letter_fates
           where dlq_partition >= 0 group by state`,
        );
        const counts = { open: 0, replaying: 0, resolved: 0, discarded: 0, quarantined: 0, superseded: 0 };
        for (const { state, letters } of rows) counts[state] = letters;
        return counts;
      }),
    oldestOpenAtMs: () =>
      read(function* () {
        const [row] = yield* ask<{ oldest: number | null }>(
          `select cast(min(last_failed_at_ms) as double precision) as oldest from letter_fates
           where state = 'open' and dlq_partition >= 0`,
        );
        return row?.oldest ?? undefined;
      }),
  };
}

/** What is moved does not match any more, so the next piece begins behind it. */
function* movePiece(
  dialect: Dialect,
  scope: LetterScope,
  from: readonly LetterState[],
  to: LetterState,
): Script<number> {
  const { text, values } = lettersInScope(dialect, scope, from, 1);
  const moved = yield* ask<{ one: number }>(
    `update letter_fates set state = $1
     where id in (select letter_fates.id from letter_fates where ${text} limit ${pieceSize} ${dialect.forUpdate})
     returning 1 as one`,
    [to, ...values],
  );
  return moved.length;
}

interface FateRow {
  readonly id: string;
  readonly state: LetterState;
  readonly replays: number;
  readonly fingerprint: string;
}

function* selectFates(dialect: Dialect, ids: readonly string[]): Script<ReadonlyMap<string, LetterFate>> {
  const wanted = JSON.stringify(ids.map((id) => ({ wanted: toKeyText(id) })));
  const rows = yield* ask<FateRow>(
    `select id, state, replays, fingerprint
     from ${dialect.recordsOf("$1", { wanted: "text" })} cross join letter_fates where id = record.wanted and dlq_partition >= 0`,
    [wanted],
  );
  return new Map(
    rows.map(({ id, state, replays, fingerprint }) => [readKeyText(id), { state, replays, fingerprint }]),
  );
}

interface GroupRow {
  readonly fingerprint: string;
  readonly state: LetterState;
  readonly letters: number;
  readonly first_ms: number;
  readonly last_ms: number;
}

interface KindRow {
  readonly fingerprint: string;
  readonly error_type: string;
  readonly reason: string;
  readonly pattern: string;
  readonly note: string;
  readonly owner: string;
  readonly ignored_at_ms: number | null;
}

const hourMs = 3_600_000;
const hoursShown = 24;

function* selectGroups(nowMs: number): Script<readonly LetterGroup[]> {
  const rows = yield* ask<GroupRow>(
    `select fingerprint, state, cast(count(*) as double precision) as letters,
       cast(min(last_failed_at_ms) as double precision) as first_ms,
       cast(max(last_failed_at_ms) as double precision) as last_ms
     from letter_fates where dlq_partition >= 0 group by fingerprint, state`,
  );
  const thisHour = Math.floor(nowMs / hourMs);
  const hourly = yield* ask<{ fingerprint: string; hour: number; letters: number }>(
    `select fingerprint, cast(last_failed_at_ms / ${hourMs} as double precision) as hour,
       cast(count(*) as double precision) as letters
     from letter_fates where dlq_partition >= 0 and last_failed_at_ms >= cast($1 as bigint) and last_failed_at_ms < cast($2 as bigint)
     group by fingerprint, last_failed_at_ms / ${hourMs}`,
    [(thisHour - hoursShown + 1) * hourMs, (thisHour + 1) * hourMs],
  );
  const kinds = yield* ask<KindRow>(
    `select fingerprint, error_type, reason, pattern, note, owner,
       cast(ignored_at_ms as double precision) as ignored_at_ms from dead_letter_groups`,
  );
  const groups: LetterGroup[] = [];
  const kindOf = new Map(kinds.map((kind) => [kind.fingerprint, kind]));
  for (const [fingerprint, own] of Map.groupBy(rows, (row) => row.fingerprint)) {
    const [sample] = yield* ask<{ id: string }>(
      `select id from letter_fates where fingerprint = $1 and dlq_partition >= 0
       order by dlq_topic, dlq_partition, dlq_offset limit 1`,
      [fingerprint],
    );
    const hours = Array.from({ length: hoursShown }, () => 0);
    for (const { hour, letters, fingerprint: other } of hourly) {
      if (other === fingerprint) hours[hour - (thisHour - hoursShown + 1)] = letters;
    }
    groups.push(
      groupOf(own, kindOf.get(fingerprint), hours, sample === undefined ? "" : readKeyText(sample.id)),
    );
  }
  return groups.toSorted((left, right) => right.total - left.total || right.lastSeenAtMs - left.lastSeenAtMs);
}

function groupOf(
  rows: readonly GroupRow[],
  kind: KindRow | undefined,
  hours: readonly number[],
  sampleId: string,
): LetterGroup {
  const lastSeenAtMs = Math.max(...rows.map(({ last_ms }) => last_ms));
  const ignoredAtMs = kind?.ignored_at_ms ?? null;
  return {
    fingerprint: rows[0]?.fingerprint ?? "",
    errorType: readKeyText(kind?.error_type ?? ""),
    reason: readKeyText(kind?.reason ?? ""),
    pattern: readKeyText(kind?.pattern ?? ""),
    counts: Object.fromEntries(rows.map(({ state, letters }) => [state, letters])),
    total: rows.reduce((sum, { letters }) => sum + letters, 0),
    firstSeenAtMs: Math.min(...rows.map(({ first_ms }) => first_ms)),
    lastSeenAtMs,
    hours,
    sampleId,
    note: readKeyText(kind?.note ?? ""),
    owner: readKeyText(kind?.owner ?? ""),
    isIgnored: ignoredAtMs !== null && lastSeenAtMs <= ignoredAtMs,
  };
}

function* annotate(fingerprint: string, { note, owner, ignoredAtMs }: GroupNote): Script<boolean> {
  const values: (string | number | null)[] = [fingerprint];
  const changes: string[] = [];
  const set = (column: string, value: string | number | null, type: string) => {
    values.push(value);
    changes.push(`${column} = cast($${values.length} as ${type})`);
  };
  if (note !== undefined) set("note", toKeyText(note), "text");
  if (owner !== undefined) set("owner", toKeyText(owner), "text");
  if (ignoredAtMs !== undefined) set("ignored_at_ms", ignoredAtMs, "bigint");
  const found =
    changes.length === 0
      ? yield* ask(`select 1 as one from dead_letter_groups where fingerprint = $1`, values)
      : yield* ask(
          `update dead_letter_groups set ${changes.join(", ")} where fingerprint = $1 returning 1 as one`,
          values,
        );
  return found.length > 0;
}

/**
 * Letters that were added, or failed again: where they lie and what kind of failure it is. What had become of one, and what was
 * noted about a kind, stays.
 */
export function* addFates(dialect: Dialect, fates: readonly AddedFate[]): Script<void> {
  if (fates.length === 0) return;
  const once = new Map(fates.map((fate) => [fate.fingerprint, fate]));
  const kinds = [...once.values()].toSorted((left, right) => (left.fingerprint < right.fingerprint ? -1 : 1));
  yield* ask(
    `insert into dead_letter_groups (fingerprint, error_type, reason, pattern)
     select fingerprint, error_type, reason, pattern
     from ${dialect.recordsOf("$1", { fingerprint: "text", error_type: "text", reason: "text", pattern: "text" })}
     where true on conflict (fingerprint) do nothing`,
    [JSON.stringify(kinds)],
  );
  const columns = {
    id: "text",
    dlq_topic: "text",
    dlq_partition: "integer",
    dlq_offset: "bigint",
    last_failed_at_ms: "bigint",
    fingerprint: "text",
  } as const;
  yield* ask(
    `insert into letter_fates (id, dlq_topic, dlq_partition, dlq_offset, last_failed_at_ms, fingerprint, state)
     select id, dlq_topic, dlq_partition, dlq_offset, last_failed_at_ms, fingerprint, 'open' from ${dialect.recordsOf("$1", columns)}
     where true on conflict (id) do update set dlq_topic = excluded.dlq_topic, dlq_partition = excluded.dlq_partition,
       dlq_offset = excluded.dlq_offset, last_failed_at_ms = excluded.last_failed_at_ms, fingerprint = excluded.fingerprint`,
    [JSON.stringify(fates.toSorted((left, right) => (left.id < right.id ? -1 : 1)))],
  );
}

/** The index is cleared: its letters are nowhere until they are added again. */
export function* forgetPlaces(): Script<void> {
  yield* ask(`update letter_fates set dlq_partition = -1 where dlq_partition >= 0`);
}
