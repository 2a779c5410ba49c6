// A job and an item as rows, the same in both dialects.
import { readKeyText } from "../../store/key-text.ts";
import type { ItemState, JobState, PauseCause, ReplayFailure, ReplayJob } from "../domain/replay.ts";
import type { NewReplayJob, ReplayItem } from "./replay-store.ts";

export interface JobRow {
  readonly number: number;
  readonly id: string;
  readonly request_id: string;
  readonly state: JobState;
  readonly pause_cause: PauseCause | null;
  readonly rate_per_second: number;
  readonly canary: number | null;
  readonly is_released: number;
  readonly total: number;
  readonly applied: number;
  readonly already_applied: number;
  readonly stale: number;
  readonly failed: number;
  readonly skipped: number;
  readonly judged_from: number;
  readonly failed_from: number;
  readonly created_at_ms: number;
  readonly ended_at_ms: number | null;
  readonly audit_id: number;
  readonly gather: string | null;
  readonly document: string;
}

/** For a `select` or `returning`; bigint columns arrive as numbers. */
export const jobColumns = `cast(number as double precision) as number, id, request_id, state, pause_cause, rate_per_second,
  canary, is_released, total, applied, already_applied, stale, failed, skipped, judged_from, failed_from,
  cast(created_at_ms as double precision) as created_at_ms, cast(ended_at_ms as double precision) as ended_at_ms,
  cast(audit_id as double precision) as audit_id, gather, document`;

/** What is never asked for in a statement; JSON expresses every text. */
type JobDocument = Pick<NewReplayJob, "name" | "reason" | "actor" | "autoStopShare" | "scope">;

export function toJobDocument({ name, reason, actor, autoStopShare, scope }: NewReplayJob): string {
  const document: JobDocument = { name, reason, actor, autoStopShare, scope };
  return JSON.stringify(document);
}

export function readJobRow(row: JobRow): ReplayJob {
  // The store wrote this JSON itself.
  const document: JobDocument = JSON.parse(row.document);
  return {
    ...document,
    id: row.id,
    number: row.number,
    requestId: row.request_id,
    state: row.state,
    pauseCause: row.pause_cause,
    ratePerSecond: row.rate_per_second,
    canary: row.canary,
    isReleased: row.is_released === 1,
    total: row.total,
    isGathering: row.gather !== null,
    counts: {
      applied: row.applied,
      already_applied: row.already_applied,
      stale: row.stale,
      failed: row.failed,
      skipped: row.skipped,
    },
    judgedFrom: row.judged_from,
    failedFrom: row.failed_from,
    createdAtMs: row.created_at_ms,
    endedAtMs: row.ended_at_ms,
    auditId: row.audit_id,
  };
}

export interface ItemRow {
  readonly job_id: string;
  readonly number: number;
  readonly letter_id: string;
  readonly state: ItemState;
  readonly settled_at_ms: number | null;
  readonly failure: string | null;
}

export const itemColumns = `job_id, number, letter_id, state, cast(settled_at_ms as double precision) as settled_at_ms, failure`;

export function readItemRow(row: ItemRow): ReplayItem {
  const failure: ReplayFailure | null = row.failure === null ? null : JSON.parse(row.failure);
  return {
    jobId: row.job_id,
    number: row.number,
    letterId: readKeyText(row.letter_id),
    state: row.state,
    settledAtMs: row.settled_at_ms,
    failure,
  };
}
