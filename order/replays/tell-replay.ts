// Jobs, items and groups in the contract's words.
import type {
  LetterGroup as ToldGroup,
  ReplayItem as ToldItem,
  ReplayJob as ToldJob,
} from "../../contract/replays.ts";
import { certainInstantOf } from "../told-failure.ts";
import { type ReplayJob, settledCount } from "./domain/replay.ts";
import type { LetterGroup } from "./store/letter-fates.ts";
import type { ReplayItem } from "./store/replay-store.ts";

export function tellJob(job: ReplayJob): ToldJob {
  return {
    id: job.id,
    name: job.name,
    reason: job.reason,
    actor: job.actor,
    state: job.state,
    pauseCause: job.pauseCause,
    ratePerSecond: job.ratePerSecond,
    canary: job.canary,
    autoStopFailureShare: job.autoStopShare,
    total: job.total,
    gathering: job.isGathering,
    counts: { ...job.counts },
    left: job.total - settledCount(job),
    scope: { ...job.scope },
    createdAt: certainInstantOf(job.createdAtMs),
    endedAt: job.endedAtMs === null ? null : certainInstantOf(job.endedAtMs),
    auditId: job.auditId,
  };
}

export function tellItem({ jobId, number, letterId, state, settledAtMs, failure }: ReplayItem): ToldItem {
  return {
    jobId,
    number,
    deadLetterId: letterId,
    state,
    settledAt: settledAtMs === null ? null : certainInstantOf(settledAtMs),
    failure: failure === null ? null : { ...failure },
  };
}

export function tellGroup(group: LetterGroup): ToldGroup {
  const { fingerprint, errorType, reason, pattern, total, counts, sampleId, note, owner, isIgnored } = group;
  return {
    fingerprint,
    errorType,
    reason,
    pattern,
    total,
    byState: { ...counts },
    firstSeenAt: certainInstantOf(group.firstSeenAtMs),
    lastSeenAt: certainInstantOf(group.lastSeenAtMs),
    hours: [...group.hours],
    sampleId,
    note,
    owner,
    ignored: isIgnored,
  };
}

/** One sentence for the audit. */
export function tellEnd({ state, total, counts }: ReplayJob): string {
  const { applied, already_applied: again, stale, failed, skipped } = counts;
  const account = `${applied} applied, ${again} already applied, ${stale} stale, ${failed} failed again, ${skipped} skipped`;
  return `${state === "cancelled" ? "Cancelled" : "Done"}: of ${total} dead letters ${account}`;
}
