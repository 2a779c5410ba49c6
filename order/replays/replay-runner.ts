// Carries out the jobs that this instance holds, whichever instance they were ordered on. A lease keeps two instances from
// doing the same work; that nothing has two effects does not depend on it.
import { type Backoff, backoffMs } from "../../service/backoff.ts";
import type { Clock } from "../../service/clock.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { createWaitingRoom } from "../worker/waiting-room.ts";
import type { ReplayJob } from "./domain/replay.ts";
import { createJobRun, type JobRun, type JobRunOptions } from "./job-run.ts";
import type { ReplayStore } from "./store/replay-store.ts";

export interface ReplayRunner {
  /** Looks at once for what there is to do. */
  poke(): void;
  /** Lets go of its jobs: another instance goes on with them, or this one after its next start. */
  stop(): Promise<void>;
}

export interface ReplayRunnerOptions extends Omit<JobRunOptions, "store" | "nowMs"> {
  readonly store: ReplayStore;
  readonly clock: Clock;
  /** Hears of each job that has ended. */
  readonly onEnded?: (job: ReplayJob) => void;
}

const leaseMs = 10_000;
const lookIdleMs = 1000;
const lookBusyMs = 100;
const storeBackoff: Backoff = { firstMs: 500, maxMs: 5000 };

export function createReplayRunner(options: ReplayRunnerOptions): ReplayRunner {
  const { store, owner, clock, logger } = options;
  const runs = new Map<string, JobRun>();
  const waiting = createWaitingRoom(clock);
  let stopped = false;
  let wasPoked = false;
  let failures = 0;
  const running = work();

  async function work(): Promise<void> {
    while (!stopped) {
      wasPoked = false;
      const delayMs = await workOnce();
      if (!stopped && !wasPoked && delayMs > 0) await waiting.wait(delayMs);
    }
  }

  /** Answers how long to wait. */
  async function workOnce(): Promise<number> {
    try {
      const nowMs = clock.nowMs();
      const jobs = await store.lease(owner, nowMs, nowMs + leaseMs);
      let more = false;
      for (const job of jobs) more = (await stepOf(job)) || more;
      failures = 0;
      if (more) return 1;
      return jobs.length > 0 ? lookBusyMs : lookIdleMs;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      failures += 1;
      if (failures === 1) logger.warn("Replays wait for the store", { reason: error.message });
      return backoffMs(storeBackoff, failures);
    }
  }

  async function stepOf(job: ReplayJob): Promise<boolean> {
    const run = runs.get(job.id) ?? createJobRun({ ...options, nowMs: () => clock.nowMs() });
    runs.set(job.id, run);
    const { more, ended } = await run.step(job);
    if (ended === undefined) return more;
    runs.delete(job.id);
    options.onEnded?.(ended);
    logger.info("A replay has ended", {
      job: job.id,
      state: ended.state,
      total: ended.total,
      ...ended.counts,
    });
    return more;
  }

  return {
    poke() {
      wasPoked = true;
      waiting.endAll();
    },
    async stop() {
      stopped = true;
      waiting.endAll();
      await running;
      await store.release(owner).catch((error: unknown) => {
        if (!(error instanceof StoreUnavailable)) throw error;
      });
    },
  };
}
