// Each replay of one letter, with the job that it was in.
import type { LetterReplay } from "../../contract/letter-history.ts";
import { certainInstantOf } from "../told-failure.ts";
import type { ReplayJob } from "./domain/replay.ts";
import type { ReplayStore } from "./store/replay-store.ts";

export type LetterHistoryStore = Pick<ReplayStore, "itemsOfLetter" | "get">;

/** The oldest first. */
export async function readLetterHistory(
  store: LetterHistoryStore,
  letterId: string,
): Promise<LetterReplay[]> {
  const items = await store.itemsOfLetter(letterId);
  const jobIds = [...new Set(items.map(({ jobId }) => jobId))];
  const jobs = new Map<string, ReplayJob | undefined>();
  for (const jobId of jobIds) jobs.set(jobId, await store.get(jobId));
  return items.flatMap(({ jobId, number, state, settledAtMs, failure }): LetterReplay[] => {
    const job = jobs.get(jobId);
    if (job === undefined) return [];
    return [
      {
        jobId,
        jobName: job.name,
        startedAt: certainInstantOf(job.createdAtMs),
        reason: job.reason,
        edited: job.scope["edited"] === "yes",
        number,
        state,
        settledAt: settledAtMs === null ? null : certainInstantOf(settledAtMs),
        failure: failure === null ? null : { ...failure },
      },
    ];
  });
}
