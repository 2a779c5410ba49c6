// What a job came to and what else failed meanwhile, counted by steps of time.
import { ask, type Script } from "../../store/sql-script.ts";
import type { TimelineQuery, TimelineStep } from "./replay-store.ts";

interface SettledRow {
  readonly step: number;
  readonly settled: number;
  readonly failed: number;
}

/** Steps in which nothing happened are absent. */
export function* selectTimeline({
  jobId,
  fromMs,
  stepMs,
  steps,
}: TimelineQuery): Script<readonly TimelineStep[]> {
  const endMs = fromMs + stepMs * steps;
  const settled = yield* ask<SettledRow>(
    `select cast((settled_at_ms - cast($2 as bigint)) / cast($3 as bigint) as double precision) as step,
       cast(count(*) as double precision) as settled,
       cast(sum(case when state = 'failed' then 1 else 0 end) as double precision) as failed
     from replay_items where job_id = $1 and settled_at_ms >= cast($2 as bigint) and state <> 'skipped'
     group by (settled_at_ms - cast($2 as bigint)) / cast($3 as bigint)`,
    [jobId, fromMs, stepMs],
  );
  const failures = yield* ask<{ step: number; letters: number }>(
    `select cast((last_failed_at_ms - cast($1 as bigint)) / cast($2 as bigint) as double precision) as step,
       cast(count(*) as double precision) as letters
     from letter_fates where dlq_partition >= 0 and last_failed_at_ms >= cast($1 as bigint) and last_failed_at_ms < cast($3 as bigint)
     group by (last_failed_at_ms - cast($1 as bigint)) / cast($2 as bigint)`,
    [fromMs, stepMs, endMs],
  );
  const found = new Map<number, TimelineStep>();
  for (const { step, ...row } of settled) found.set(step, { step, ...row, newFailures: 0 });
  for (const { step, letters } of failures) {
    found.set(step, { ...(found.get(step) ?? { step, settled: 0, failed: 0 }), newFailures: letters });
  }
  return [...found.values()];
}
