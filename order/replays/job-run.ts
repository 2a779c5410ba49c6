// One job on its way to its topic: item after item, announced in the store before it is published, not faster than its rate, and
// never past what its canary, its failures or the number of awaited outcomes allow.
//
// What was announced and has no outcome is published again after a crash, and when no outcome came for long: the copy
// has no effect. So nothing has to be known about what an earlier owner of the job had done.
import { errorCodes } from "../../kafka/publish-failure.ts";
import type { Publisher, PublishFailure } from "../../kafka/publisher.ts";
import type { Logger } from "../../service/logger.ts";
import { bodyHash } from "./domain/body-hash.ts";
import { lineageHeaders } from "./domain/lineage.ts";
import { createPace } from "./domain/pace.ts";
import {
  isCanaryThrough,
  lastOfCanary,
  mustStop,
  type ReplayFailure,
  type ReplayJob,
  settledCount,
} from "./domain/replay.ts";
import type { ItemToSend, ReplayStore } from "./store/replay-store.ts";

/** Where the records of a topic are replayed; undefined for a topic that this service does not consume. */
export type RouteOf = (topic: string) => ReplayRoute | undefined;

export interface ReplayRoute {
  /** Read by the group that failed, and by no other. */
  readonly topic: string;
  /** Whether a record without a key can never be an event there. */
  readonly needsKey: boolean;
}

export interface JobRunOptions {
  readonly store: Pick<
    ReplayStore,
    "itemsToSend" | "announce" | "skip" | "skipUnsent" | "change" | "gatherOn" | "end" | "countSent"
  >;
  readonly publisher: Pick<Publisher, "publish">;
  readonly owner: string;
  readonly routeOf: RouteOf;
  readonly nowMs: () => number;
  readonly logger: Logger;
  /** Writes down what a job came to, before it has ended; the first time counts. */
  readonly conclude: (job: ReplayJob) => Promise<void>;
}

export interface JobRun {
  /**
   * Does what can be done now; `job` is as the store has it. Answers whether there may be more to do at once, and the job
   * when it has ended. Rejects with StoreUnavailable; it may be called again then.
   */
  step(job: ReplayJob): Promise<{ readonly more: boolean; readonly ended?: ReplayJob }>;
}

const batchSize = 1000;
/** Outcomes that are awaited at once: two seconds' worth, so that a job which stops has not far to go. */
const leastAwaited = 100;
const mostAwaited = 10_000;
const publishAgainMs = 1000;
const resendAfterMs = 60_000;
/** While the index is made anew its letters are away for a while. */
const letterIsGoneAfterMs = 120_000;

export function createJobRun(options: JobRunOptions): JobRun {
  const { store, publisher, owner, routeOf, nowMs, logger, conclude } = options;
  const pace = createPace(nowMs());
  /** Everything up to this number was published by this run, or has its outcome. */
  let position = 0;
  let notBeforeMs = 0;
  let settled = 0;
  let progressAtMs = nowMs();
  let patienceMs = resendAfterMs;
  let missingSinceMs: number | undefined;
  /** Why nothing could be published; told once. */
  let blockedBy: string | undefined;

  function noteProgress(job: ReplayJob): void {
    if (settledCount(job) === settled) return;
    settled = settledCount(job);
    progressAtMs = nowMs();
    patienceMs = resendAfterMs;
  }

  /** Every item has its outcome, so the counts are the last ones. */
  async function end(job: ReplayJob) {
    await conclude(job);
    const ended = await store.end(job.id, nowMs());
    return { more: false, ...(ended === undefined ? {} : { ended }) };
  }

  /** What can be sent of these, in their order, as far as there is no gap. */
  function sendable(items: readonly ItemToSend[], room: number): readonly ItemToSend[] {
    const chosen: ItemToSend[] = [];
    let pending = 0;
    for (const item of items) {
      if (item.original === null && !isGoneForGood()) break;
      if (item.state === "pending") pending += 1;
      if (pending > room) break;
      chosen.push(item);
    }
    if (items[0]?.original !== null) missingSinceMs = undefined;
    return chosen;
  }

  function isGoneForGood(): boolean {
    missingSinceMs ??= nowMs();
    return nowMs() - missingSinceMs >= letterIsGoneAfterMs;
  }

  async function send(job: ReplayJob, items: readonly ItemToSend[]): Promise<void> {
    const { good, bad } = sift(items, routeOf);
    if (bad.length > 0) await store.skip(job.id, bad, nowMs());
    const announced = new Set(await store.announce(job.id, owner, good));
    const refused: { number: number; failure: ReplayFailure }[] = [];
    let firstFailed = Number.POSITIVE_INFINITY;

    /** One after the other: of one order, a later event must not come before an earlier one. */
    async function publishInTurn(own: readonly ReadyItem[]): Promise<void> {
      for (const { number, record } of own) {
        const outcome = await publisher.publish(record);
        if (outcome.ok) {
          blockedBy = undefined;
          continue;
        }
        if (isAboutTheRecord(outcome.failure)) {
          refused.push({ number, failure: failure("refused", outcome.failure.message) });
          continue;
        }
        firstFailed = Math.min(firstFailed, number);
        noteBlocked(job, record.topic, outcome.failure);
        return;
      }
    }
    const ready = good.filter(({ number }) => announced.has(number));
    await Promise.all([...Map.groupBy(ready, ({ lane }) => lane).values()].map(publishInTurn));
    if (refused.length > 0) await store.skip(job.id, refused, nowMs());
    // What the store refused to announce is not ours to send any more: the next step sees why.
    const firstRefused =
      good.find(({ number }) => !announced.has(number))?.number ?? Number.POSITIVE_INFINITY;
    const last = items.at(-1)?.number ?? position;
    position = Math.min(last, firstFailed - 1, firstRefused - 1);
    if (Number.isFinite(firstFailed)) notBeforeMs = nowMs() + publishAgainMs;
  }

  function noteBlocked({ id }: ReplayJob, topic: string, { message }: PublishFailure): void {
    if (blockedBy === message) return;
    blockedBy = message;
    logger.warn("A replay cannot be published now: it is tried again", { job: id, topic, reason: message });
  }

  return {
    async step(job) {
      if (job.isGathering) {
        await store.gatherOn(job.id);
        return { more: true };
      }
      if (job.state === "cancelled" && (await store.skipUnsent(job.id, nowMs())) > 0) return { more: true };
      noteProgress(job);
      if (settled === job.total) return end(job);
      if (job.state === "running" && mustStop(job)) {
        await store.change(job.id, { kind: "pause", cause: "failures" });
        return { more: false };
      }
      if (job.state === "running" && isCanaryThrough(job)) {
        await store.change(job.id, { kind: "pause", cause: "canary" });
        return { more: false };
      }
      if (nowMs() < notBeforeMs) return { more: false };
      const limit = Math.min(batchSize, pace.room(nowMs(), job.ratePerSecond));
      if (limit === 0) return { more: false };
      const items = await store.itemsToSend(job.id, position, limit);
      const sent = await store.countSent(job.id);
      if (items.length === 0) {
        if (sent > 0 && nowMs() - progressAtMs >= patienceMs) {
          position = 0;
          progressAtMs = nowMs();
          patienceMs *= 2;
        }
        return { more: false };
      }
      const mostSent = Math.min(mostAwaited, Math.max(leastAwaited, 2 * job.ratePerSecond));
      const ofCanary = items.filter(({ number }) => number <= lastOfCanary(job));
      const chosen = sendable(ofCanary, mostSent - sent);
      if (chosen.length === 0) return { more: false };
      pace.take(chosen.length);
      await send(job, chosen);
      return { more: items.length === chosen.length };
    },
  };
}

/** What the broker will never take of this one; anything else (no topic, no rights, no broker) would meet any record. */
const recordCodes: ReadonlySet<number> = new Set([
  errorCodes.messageTooLarge,
  errorCodes.recordListTooLarge,
  errorCodes.invalidArgument,
  errorCodes.policyViolation,
  errorCodes.invalidRecord,
]);

function isAboutTheRecord({ kind, code }: PublishFailure): boolean {
  return kind === "refused" && recordCodes.has(code);
}

interface ReadyItem {
  readonly number: number;
  readonly bodyHash: string;
  /** Records of one are published one after the other. */
  readonly lane: string;
  readonly record: Parameters<Publisher["publish"]>[0];
}

/** What can be published, and what never can. */
function sift(items: readonly ItemToSend[], routeOf: RouteOf) {
  const good: ReadyItem[] = [];
  const bad: { number: number; failure: ReplayFailure }[] = [];
  for (const { jobId, number, letterId, original, isOmitted } of items) {
    const route = original === null ? undefined : routeOf(original.topic);
    if (original === null)
      bad.push({ number, failure: failure("letter_gone", "The dead letter is not there any more.") });
    else if (route === undefined) {
      bad.push({
        number,
        failure: failure("foreign_topic", `Records of ${original.topic} are not replayed here.`),
      });
    } else if (isOmitted) {
      bad.push({ number, failure: failure("value_not_kept", "The value was too large to be kept.") });
    } else if (original.key === null && route.needsKey) {
      bad.push({ number, failure: failure("no_key", "The record has no key: it can never be an event.") });
    } else {
      const { key, value, topic, partition, offset, timestampMs } = original;
      const lineage = lineageHeaders({ letterId, jobId, number, topic, partition, offset, timestampMs });
      const record = { topic: route.topic, key, value, headers: [...original.headers, ...lineage] };
      const lane = `${route.topic} ${key?.toString("latin1") ?? letterId}`;
      good.push({ number, bodyHash: bodyHash(original), lane, record });
    }
  }
  return { good, bad };
}

function failure(reason: string, errorMessage: string): ReplayFailure {
  return { reason, errorType: "NotPublished", errorMessage };
}
