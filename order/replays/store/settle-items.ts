// How items end, written in the transaction of the batch that gave them their effect (or found that they have none).
import { toKeyText } from "../../store/key-text.ts";
import { ask, type Dialect, type Script, updateEach } from "../../store/sql-script.ts";
import type { ReplayItemId } from "../domain/replay.ts";
import type { ReplaySettlement } from "./replay-store.ts";

/**
 * Answers the items that have an outcome already, or are not announced: then the transaction has to be undone, because
 * their events would have a second effect.
 */
export function* settleItems(
  dialect: Dialect,
  settlements: readonly ReplaySettlement[],
): Script<readonly ReplayItemId[]> {
  // In one order for every instance.
  const sorted = settlements.toSorted(inOrder);
  const items = sorted.map(({ jobId, number, outcome, failure, atMs }) => ({
    job: jobId,
    item: number,
    outcome,
    why: failure === null ? null : JSON.stringify(failure),
    at: atMs,
  }));
  const settled = yield* updateEach<{ job_id: string; number: number }, keyof (typeof items)[number]>(
    dialect,
    {
      table: "replay_items",
      set: "state = record.outcome, settled_at_ms = record.at, failure = record.why",
      where: "job_id = record.job and number = record.item and replay_items.state = 'sent'",
      returning: "job_id, number",
      columns: { job: "text", item: "integer", outcome: "text", why: "text", at: "bigint" },
    },
    items,
  );
  if (settled.length < sorted.length) {
    const done = new Set(settled.map(({ job_id, number }) => `${job_id}/${number}`));
    return sorted
      .filter(({ jobId, number }) => !done.has(`${jobId}/${number}`))
      .map(({ jobId, number }) => ({ jobId, number }));
  }
  yield* settleLetters(dialect, sorted);
  yield* countOutcomes(sorted);
  return [];
}

function* settleLetters(dialect: Dialect, settlements: readonly ReplaySettlement[]): Script<void> {
  const letters = settlements
    .map(({ jobId, number, letterId, outcome, quarantineAfter }) => ({
      job: jobId,
      item: number,
      letter: toKeyText(letterId),
      is_open: outcome === "failed" ? 1 : 0,
      bound: quarantineAfter,
    }))
    .toSorted((left, right) => (left.letter < right.letter ? -1 : 1));
  yield* updateEach(
    dialect,
    {
      table: "letter_fates",
      // The state is no condition: see `openAgain` in create-replay-store.ts.
      set: `replays = replays + case state when 'replaying' then 1 else 0 end,
        state = case when state <> 'replaying' then state when record.is_open = 0 then
            case when exists (select 1 from replay_edits as edits where edits.job_id = record.job and edits.number = record.item)
              then 'superseded' else 'resolved' end
          when replays + 1 >= record.bound then 'quarantined' else 'open' end`,
      where: "id = record.letter",
      returning: "1 as one",
      columns: { job: "text", item: "integer", letter: "text", is_open: "integer", bound: "integer" },
    },
    letters,
  );
}

function* countOutcomes(settlements: readonly ReplaySettlement[]): Script<void> {
  for (const [jobId, own] of Map.groupBy(settlements, ({ jobId }) => jobId)) {
    const count = (outcome: ReplaySettlement["outcome"]) =>
      own.filter((settlement) => settlement.outcome === outcome).length;
    yield* ask(
      `update replay_jobs set applied = applied + cast($2 as integer), already_applied = already_applied + cast($3 as integer),
         stale = stale + cast($4 as integer), failed = failed + cast($5 as integer) where id = $1`,
      [jobId, count("applied"), count("already_applied"), count("stale"), count("failed")],
    );
  }
}

function inOrder(left: ReplayItemId, right: ReplayItemId): number {
  if (left.jobId === right.jobId) return left.number - right.number;
  return left.jobId < right.jobId ? -1 : 1;
}
