// A job over time, for a plot: as many steps as fit, of a length that people know.
import type { ReplayTimeline } from "../../contract/replays.ts";
import { certainInstantOf } from "../told-failure.ts";
import type { ReplayJob } from "./domain/replay.ts";
import type { ReplayStore } from "./store/replay-store.ts";

const mostSteps = 120;
const second = 1000;
const lengths = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400].map(
  (seconds) => seconds * second,
);

export async function readReplayTimeline(
  store: Pick<ReplayStore, "timeline">,
  job: Pick<ReplayJob, "id" | "createdAtMs" | "endedAtMs">,
  nowMs: number,
): Promise<ReplayTimeline> {
  const fromMs = job.createdAtMs;
  const spanMs = Math.max(1, (job.endedAtMs ?? nowMs) - fromMs);
  const stepMs = lengths.find((length) => spanMs / length < mostSteps) ?? Math.ceil(spanMs / mostSteps);
  const steps = Math.min(mostSteps, Math.floor(spanMs / stepMs) + 1);
  const counted = await store.timeline({ jobId: job.id, fromMs, stepMs, steps });
  const filled = (name: "settled" | "failed" | "newFailures") => {
    const row = Array.from({ length: steps }, () => 0);
    for (const step of counted) if (step.step < steps) row[step.step] = step[name];
    return row;
  };
  return {
    fromAt: certainInstantOf(fromMs),
    stepMs,
    settled: filled("settled"),
    failed: filled("failed"),
    newFailures: filled("newFailures"),
  };
}
