// Jobs and items in either dialect. What counts as exact is exact because each step is one transaction whose statements name
// the state that they start from: a job that is cancelled while its items are announced has each of them either sent or
// skipped, never both.
import { isWhole } from "../../store/dead-letter-index.ts";
import { chunkByBytes } from "../../store/chunk-by-bytes.ts";
import { type DeadLetterBodyRow, readDeadLetterRow } from "../../store/dead-letter-row.ts";
import { readKeyText, toKeyText } from "../../store/key-text.ts";
import type { OriginalRecord } from "../../domain/dead-letter.ts";
import { eventIdHeader } from "../../../schemas/event-headers.ts";
import { ask, type Dialect, type Script, updateEach } from "../../store/sql-script.ts";
import type { ItemState, LetterState, ReplayFailure, ReplayItemId, ReplayJob } from "../domain/replay.ts";
import {
  type ItemRow,
  itemColumns,
  jobColumns,
  type JobRow,
  readItemRow,
  readJobRow,
  toJobDocument,
} from "./job-row.ts";
import { beginGathering, gatherOn, pieceSize } from "./gather-letters.ts";
import {
  type AnnouncedItem,
  itemKey,
  type ItemToSend,
  type JobChange,
  type LetterScope,
  type NewReplayJob,
  type ReplayStore,
} from "./replay-store.ts";
import { selectTimeline } from "./select-timeline.ts";

export interface ReplayStoreOptions {
  readonly dialect: Dialect;
  /** Runs a script as one transaction. */
  readonly run: <Answer>(script: () => Script<Answer>) => Promise<Answer>;
  /** Runs one that writes nothing. */
  readonly read: <Answer>(script: () => Script<Answer>) => Promise<Answer>;
  /** Joins `document, key, value` of the letter to `items.letter_id`, where there is one. */
  readonly joinBodies: string;
  /** The table of these. */
  readonly bodiesTable: string;
}

export function createReplayStore({
  dialect,
  run,
  read,
  joinBodies,
  bodiesTable,
}: ReplayStoreOptions): ReplayStore {
  return {
    create: (job, scope, states) => run(() => create(dialect, job, scope, states)),
    get: (jobId) => read(() => selectJob(jobId)),
    list: ({ limit, beforeNumber = Number.MAX_SAFE_INTEGER }) =>
      read(function* () {
        const rows = yield* ask<JobRow>(
          `select ${jobColumns} from replay_jobs where number < cast($1 as bigint)
           order by replay_jobs.number desc limit cast($2 as integer)`,
          [beforeNumber, limit],
        );
        return rows.map(readJobRow);
      }),
    listItems: ({ jobId, state, afterNumber, limit }) =>
      read(function* () {
        const values = [jobId, afterNumber, limit, ...(state === undefined ? [] : [state])];
        const rows = yield* ask<ItemRow>(
          `select ${itemColumns} from replay_items where job_id = $1 and number > cast($2 as integer)
           ${state === undefined ? "" : "and state = $4"} order by number limit cast($3 as integer)`,
          values,
        );
        return rows.map(readItemRow);
      }),
    itemsOfLetter: (letterId) =>
      read(function* () {
        const rows = yield* ask<ItemRow>(
          `select ${itemColumns
            .split(", ")
            .map((column) => (column.startsWith("cast") ? column : `replay_items.${column}`))
            .join(", ")} from replay_items join replay_jobs on replay_jobs.id = job_id
           where letter_id = $1 order by replay_jobs.number limit 100`,
          [toKeyText(letterId)],
        );
        return rows.map(readItemRow);
      }),
    timeline: (query) => read(() => selectTimeline(query)),
    gatherOn: (jobId) =>
      run(function* () {
        yield* gatherOn(dialect, jobId);
        return yield* selectJob(jobId);
      }),
    skipUnsent: (jobId, atMs) => run(() => skipUnsent(dialect, jobId, atMs)),
    change: (jobId, change) => run(() => changeJob(dialect, jobId, change)),
    lease: (owner, nowMs, untilMs) =>
      run(function* () {
        const rows = yield* ask<JobRow>(
          `update replay_jobs set lease_owner = $1, lease_until_ms = cast($3 as bigint)
           where ended_at_ms is null and (state in ('running', 'cancelled')
               or gather is not null or total = applied + already_applied + stale + failed + skipped)
             and (lease_owner = $1 or lease_owner is null or lease_until_ms < cast($2 as bigint))
           returning ${jobColumns}`,
          [owner, nowMs, untilMs],
        );
        return rows.map(readJobRow).toSorted((left, right) => left.number - right.number);
      }),
    release: (owner) =>
      run(function* () {
        yield* ask(
          `update replay_jobs set lease_owner = null where lease_owner = $1 and ended_at_ms is null`,
          [owner],
        );
      }),
    itemsToSend: (jobId, afterNumber, limit) =>
      read(() => itemsToSend({ joinBodies, bodiesTable }, jobId, afterNumber, limit)),
    announce: (jobId, owner, items) =>
      run(function* () {
        const records = items.map(({ number, bodyHash }) => ({
          job: jobId,
          holder: owner,
          item: number,
          hash: bodyHash,
        }));
        const rows = yield* updateEach<{ number: number }, keyof (typeof records)[number]>(
          dialect,
          {
            table: "replay_items",
            set: "state = 'sent', body_hash = record.hash",
            where: `job_id = record.job and number = record.item and (replay_items.state = 'sent'
              or (replay_items.state = 'pending' and exists (select 1 from replay_jobs
                where id = record.job and replay_jobs.state = 'running' and lease_owner = record.holder)))`,
            returning: "replay_items.number",
            columns: { job: "text", holder: "text", item: "integer", hash: "text" },
          },
          records,
        );
        return rows.map(({ number }) => number).toSorted((left, right) => left - right);
      }),
    skip: (jobId, items, atMs) => run(() => skipItems(dialect, jobId, items, atMs)),
    end: (jobId, atMs) =>
      run(function* () {
        const [row] = yield* ask<JobRow>(
          `update replay_jobs set ended_at_ms = cast($2 as bigint),
             state = case when state = 'cancelled' then 'cancelled' else 'done' end, pause_cause = null
           where id = $1 and ended_at_ms is null
             and total = applied + already_applied + stale + failed + skipped and gather is null
           returning ${jobColumns}`,
          [jobId, atMs],
        );
        return row === undefined ? undefined : readJobRow(row);
      }),
    countSent: (jobId) =>
      read(function* () {
        const [row] = yield* ask<{ items: number }>(
          `select cast(count(*) as double precision) as items from replay_items where job_id = $1 and state = 'sent'`,
          [jobId],
        );
        return row?.items ?? 0;
      }),
    announced: (ids) => read(() => announced(dialect, ids)),
  };
}

function* selectJob(jobId: string): Script<ReplayJob | undefined> {
  const [row] = yield* ask<JobRow>(`select ${jobColumns} from replay_jobs where id = $1`, [jobId]);
  return row === undefined ? undefined : readJobRow(row);
}

function* create(
  dialect: Dialect,
  job: NewReplayJob,
  scope: LetterScope,
  states: readonly LetterState[],
): Script<ReplayJob> {
  const { id, requestId, ratePerSecond, canary, atMs, auditId } = job;
  const [made] = yield* ask<{ id: string }>(
    `insert into replay_jobs (id, request_id, state, rate_per_second, canary, created_at_ms, audit_id, document)
     values ($1, $2, 'running', cast($3 as integer), cast($4 as integer), cast($5 as bigint), cast($7 as bigint), $6)
     on conflict (request_id) do nothing returning id`,
    [id, requestId, ratePerSecond, canary, atMs, toJobDocument(job), auditId],
  );
  if (made === undefined) {
    const [row] = yield* ask<JobRow>(`select ${jobColumns} from replay_jobs where request_id = $1`, [
      requestId,
    ]);
    if (row === undefined) throw new Error("a job that is there already is not there");
    return readJobRow(row);
  }
  yield* beginGathering(dialect, id, scope, states);
  if (job.edit !== undefined) {
    yield* ask(
      `insert into replay_edits (job_id, number, value, event_id)
       select job_id, number, $2, $3 from replay_items where job_id = $1`,
      [id, job.edit.value.toString("base64"), job.edit.eventId],
    );
  }
  const [row] = yield* ask<JobRow>(`select ${jobColumns} from replay_jobs where id = $1`, [id]);
  if (row === undefined) throw new Error("a job that was made is not there");
  if (row.total > 0 || row.gather !== null) return readJobRow(row);
  const [ended] = yield* ask<JobRow>(
    `update replay_jobs set state = 'done', ended_at_ms = created_at_ms where id = $1 returning ${jobColumns}`,
    [id],
  );
  return readJobRow(ended ?? row);
}

function* changeJob(dialect: Dialect, jobId: string, change: JobChange): Script<ReplayJob | undefined> {
  switch (change.kind) {
    case "pause":
      yield* ask(
        `update replay_jobs set state = 'paused', pause_cause = $2 where id = $1 and state = 'running' and ended_at_ms is null`,
        [jobId, change.cause],
      );
      break;
    case "resume":
      yield* ask(
        `update replay_jobs set state = 'running', pause_cause = null,
           is_released = case when pause_cause = 'canary' then 1 else is_released end,
           judged_from = applied + already_applied + stale + failed, failed_from = failed
         where id = $1 and state = 'paused' and ended_at_ms is null`,
        [jobId],
      );
      break;
    case "rate":
      yield* ask(
        `update replay_jobs set rate_per_second = cast($2 as integer) where id = $1 and ended_at_ms is null`,
        [jobId, change.ratePerSecond],
      );
      break;
    case "cancel":
      yield* cancel(dialect, jobId, change.atMs);
  }
  return yield* selectJob(jobId);
}

/**
 * Not as a condition: PostgreSQL may believe that hardly any letter is being replayed, look them all up by that for each item,
 * and never come to an end.
 */
const openAgain = `state = case state when 'replaying' then 'open' else state end`;

const notSent: ReplayFailure = {
  reason: "cancelled",
  errorType: "Cancelled",
  errorMessage: "The job was cancelled before it was published.",
};

/** Nothing more of it is announced, or gathered. */
function* cancel(dialect: Dialect, jobId: string, atMs: number): Script<void> {
  const [row] = yield* ask<{ id: string }>(
    `update replay_jobs set state = 'cancelled', pause_cause = null, gather = null
     where id = $1 and state in ('running', 'paused') and ended_at_ms is null returning id`,
    [jobId],
  );
  if (row !== undefined) yield* skipUnsent(dialect, jobId, atMs);
}

function* skipUnsent(dialect: Dialect, jobId: string, atMs: number): Script<number> {
  const skipped = yield* ask<{ letter_id: string }>(
    `update replay_items set state = 'skipped', settled_at_ms = cast($2 as bigint), failure = $3
     where job_id = $1 and number in (select number from replay_items where job_id = $1 and state = 'pending'
         and exists (select 1 from replay_jobs where id = $1 and replay_jobs.state = 'cancelled')
       order by number limit ${pieceSize}) returning letter_id`,
    [jobId, atMs, JSON.stringify(notSent)],
  );
  if (skipped.length === 0) return 0;
  yield* openLetters(dialect, skipped);
  yield* countSkipped(jobId, skipped.length);
  return skipped.length;
}

function* openLetters(dialect: Dialect, skipped: readonly { readonly letter_id: string }[]): Script<void> {
  const letters = JSON.stringify(skipped.map(({ letter_id }) => ({ letter: letter_id })));
  yield* ask(
    `update letter_fates set ${openAgain}
     where id in (select letter from ${dialect.recordsOf("$1", { letter: "text" })})`,
    [letters],
  );
}

function* countSkipped(jobId: string, count: number): Script<void> {
  yield* ask(`update replay_jobs set skipped = skipped + cast($2 as integer) where id = $1`, [jobId, count]);
}

function* skipItems(
  dialect: Dialect,
  jobId: string,
  items: readonly { readonly number: number; readonly failure: ReplayFailure }[],
  atMs: number,
): Script<void> {
  const records = items.map(({ number, failure }) => ({
    job: jobId,
    item: number,
    why: JSON.stringify(failure),
    at: atMs,
  }));
  const skipped = yield* updateEach<{ letter_id: string }, keyof (typeof records)[number]>(
    dialect,
    {
      table: "replay_items",
      set: "state = 'skipped', settled_at_ms = record.at, failure = record.why",
      where: "job_id = record.job and number = record.item and replay_items.state in ('pending', 'sent')",
      returning: "letter_id",
      columns: { job: "text", item: "integer", why: "text", at: "bigint" },
    },
    records,
  );
  if (skipped.length === 0) return;
  yield* openLetters(dialect, skipped);
  yield* countSkipped(jobId, skipped.length);
}

type ItemToSendRow = {
  readonly number: number;
  readonly letter_id: string;
  readonly state: "pending" | "sent";
  readonly edited_value: string | null;
  readonly edited_id: string | null;
} & (DeadLetterBodyRow | { readonly document: null });

function* itemsToSend(
  { joinBodies, bodiesTable }: Pick<ReplayStoreOptions, "joinBodies" | "bodiesTable">,
  jobId: string,
  afterNumber: number,
  limit: number,
): Script<readonly ItemToSend[]> {
  const rows = yield* ask<ItemToSendRow>(
    `select items.number, items.letter_id, items.state, document, key, ${bodiesTable}.value,
       replay_edits.value as edited_value, replay_edits.event_id as edited_id
     from (select number, letter_id, state from replay_items where job_id = $1 and number > cast($2 as integer)
       and (state = 'sent' or (state = 'pending' and not exists
         (select 1 from replay_jobs where id = $1 and replay_jobs.state = 'cancelled'))) order by number limit cast($3 as integer)) as items
     ${joinBodies}
     left join replay_edits on replay_edits.job_id = $1 and replay_edits.number = items.number order by items.number`,
    [jobId, afterNumber, limit],
  );
  return rows.map((row) => {
    const { number, state, letter_id } = row;
    const letter = row.document === null ? null : readDeadLetterRow(row);
    return {
      jobId,
      number,
      letterId: readKeyText(letter_id),
      state,
      original: letter === null ? null : withEdit(letter.original, row.edited_value, row.edited_id),
      isOmitted: letter !== null && row.edited_value === null && !isWhole(letter),
    };
  });
}

function withEdit(original: OriginalRecord, value: string | null, eventId: string | null): OriginalRecord {
  if (value === null || eventId === null) return original;
  const headers = original.headers.filter(([name]) => name !== eventIdHeader);
  return {
    ...original,
    value: Buffer.from(value, "base64"),
    headers: [...headers, [eventIdHeader, Buffer.from(eventId)]],
  };
}

interface AnnouncedRow {
  readonly job_id: string;
  readonly number: number;
  readonly letter_id: string;
  readonly state: ItemState;
  readonly body_hash: string | null;
}

function* announced(
  dialect: Dialect,
  ids: readonly ReplayItemId[],
): Script<ReadonlyMap<string, AnnouncedItem>> {
  const found = new Map<string, AnnouncedItem>();
  const records = ids.map(({ jobId, number }) => ({ job: jobId, item: number }));
  for (const chunk of chunkByBytes(records, () => 100)) {
    const rows = yield* ask<AnnouncedRow>(
      `select job_id, number, letter_id, state, body_hash
       from ${dialect.recordsOf("$1", { job: "text", item: "integer" })}
       cross join replay_items where job_id = record.job and number = record.item`,
      [JSON.stringify(chunk)],
    );
    for (const { job_id: jobId, number, letter_id, state, body_hash: bodyHash } of rows) {
      found.set(itemKey({ jobId, number }), {
        jobId,
        number,
        letterId: readKeyText(letter_id),
        state,
        bodyHash,
      });
    }
  }
  return found;
}
