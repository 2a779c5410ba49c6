// The letters of a job, written down piece by piece: a hundred thousand of them take a database seconds, and no statement has
// more than a few. What a job is about is fixed all the same: it is bounded by the letters that lie on the DLQ topics when it is
// started, and each piece is one transaction that also says how far it got. So whoever goes on with it goes on behind it.
import { ask, type Dialect, type Script } from "../../store/sql-script.ts";
import type { LetterState } from "../domain/replay.ts";
import { lettersInScope } from "./letters-in-scope.ts";
import type { LetterScope } from "./replay-store.ts";

/** Letters that one transaction looks at. */
export const pieceSize = 10_000;

/** In `replay_jobs.gather`. */
interface Gather {
  readonly scope: LetterScope;
  readonly states: readonly LetterState[];
  /** Partitions of the DLQ topics, in their order, with the last offset that belongs to the job. */
  readonly partitions: readonly (readonly [topic: string, partition: number, lastOffset: number])[];
  /** In the first of them everything up to here is written down. */
  readonly afterOffset: number;
}

/** The first piece; answers what is left. */
export function* beginGathering(
  dialect: Dialect,
  jobId: string,
  scope: LetterScope,
  states: readonly LetterState[],
): Script<void> {
  if (yield* isSmall(dialect, scope, states)) {
    yield* take(dialect, jobId, scope, states, "");
    return yield* note(jobId, null);
  }
  const rows = yield* ask<{ dlq_topic: string; dlq_partition: number; last_offset: number }>(
    `select dlq_topic, dlq_partition, cast(max(dlq_offset) as double precision) as last_offset from letter_fates
     where dlq_partition >= 0 group by dlq_topic, dlq_partition order by dlq_topic, dlq_partition`,
  );
  const partitions = rows.map((row) => [row.dlq_topic, row.dlq_partition, row.last_offset] as const);
  yield* gatherPiece(dialect, jobId, { scope, states, partitions, afterOffset: -1 });
}

/** The next piece; nothing to do for a job that has all of its letters. */
export function* gatherOn(dialect: Dialect, jobId: string): Script<void> {
  const [row] = yield* ask<{ gather: string }>(
    `select gather from replay_jobs where id = $1 and gather is not null ${dialect.forUpdate}`,
    [jobId],
  );
  if (row === undefined) return;
  // The store wrote this JSON itself.
  const gather: Gather = JSON.parse(row.gather);
  yield* gatherPiece(dialect, jobId, gather);
}

/** Whether one statement does it. */
function* isSmall(dialect: Dialect, scope: LetterScope, states: readonly LetterState[]): Script<boolean> {
  if (scope.kind === "ids") return true;
  const { text, values } = lettersInScope(dialect, scope, states, 0);
  const [row] = yield* ask<{ letters: number }>(
    `select cast(count(*) as double precision) as letters
     from (select 1 as one from letter_fates where ${text} limit ${pieceSize + 1}) as found`,
    values,
  );
  return (row?.letters ?? 0) <= pieceSize;
}

function* gatherPiece(dialect: Dialect, jobId: string, gather: Gather): Script<void> {
  const { scope, states, partitions, afterOffset } = gather;
  const [first, ...others] = partitions;
  if (first === undefined) return yield* note(jobId, null);
  const [topic, partition, lastOffset] = first;
  const [end] = yield* ask<{ dlq_offset: number }>(
    `select cast(dlq_offset as double precision) as dlq_offset from letter_fates
     where dlq_topic = $1 and dlq_partition = cast($2 as integer) and dlq_offset > cast($3 as bigint)
       and dlq_offset <= cast($4 as bigint) and state in (${states.map((_, index) => `$${index + 5}`).join(", ")})
     order by letter_fates.dlq_offset limit 1 offset ${pieceSize - 1}`,
    [topic, partition, afterOffset, lastOffset, ...states],
  );
  const untilOffset = end?.dlq_offset ?? lastOffset;
  const place = `letter_fates.dlq_topic = $2 and letter_fates.dlq_partition = cast($3 as integer)
    and letter_fates.dlq_offset > cast($4 as bigint) and letter_fates.dlq_offset <= cast($5 as bigint) and`;
  yield* take(dialect, jobId, scope, states, place, [topic, partition, afterOffset, untilOffset]);
  const isThrough = untilOffset >= lastOffset;
  if (isThrough && others.length === 0) return yield* note(jobId, null);
  yield* note(jobId, {
    ...gather,
    partitions: isThrough ? others : partitions,
    afterOffset: isThrough ? -1 : untilOffset,
  });
}

/** Behind those that the job has; `place` is a condition on its own parameters, from `$2` on. */
function* take(
  dialect: Dialect,
  jobId: string,
  scope: LetterScope,
  states: readonly LetterState[],
  place: string,
  placeValues: readonly (string | number)[] = [],
): Script<void> {
  const before = 1 + placeValues.length;
  const { text, values } = lettersInScope(dialect, scope, states, before + 1);
  const [job] = yield* ask<{ total: number }>(
    `select cast(total as double precision) as total from replay_jobs where id = $1`,
    [jobId],
  );
  const known = job?.total ?? 0;
  yield* ask(
    `insert into replay_items (job_id, number, letter_id, state)
     select $1, cast($${before + 1} as integer) + row_number() over (order by dlq_topic, dlq_partition, dlq_offset), id, 'pending'
     from (select id, dlq_topic, dlq_partition, dlq_offset from letter_fates where ${place} ${text}
       order by dlq_topic, dlq_partition, dlq_offset ${dialect.forUpdate}) as chosen`,
    [jobId, ...placeValues, known, ...values],
  );
  yield* ask(
    `update letter_fates set state = 'replaying'
     where id in (select letter_id from replay_items where job_id = $1 and number > cast($2 as integer))`,
    [jobId, known],
  );
  yield* ask(
    `update replay_jobs set total = cast($2 as integer) +
       (select count(*) from replay_items where job_id = $1 and number > cast($2 as integer)) where id = $1`,
    [jobId, known],
  );
}

function* note(jobId: string, gather: Gather | null): Script<void> {
  yield* ask(`update replay_jobs set gather = $2 where id = $1`, [
    jobId,
    gather === null ? null : JSON.stringify(gather),
  ]);
}
