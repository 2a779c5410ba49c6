// How far a replay is: a bar of its outcomes, its rate, when it will be through, and what it waits for.
import { useEffect, useState } from "react";
import {
  msLeft,
  outcomeWords,
  rateOf,
  rateText,
  readingOf,
  shownOutcomes,
  withReading,
  type Reading,
} from "../../model/replay-progress.ts";
import { counted, countText, spanText } from "../../model/time-text.ts";
import type { ReplayJob } from "../data/told.ts";
import { Icon } from "../parts/icon.tsx";
import { Notice } from "../parts/notice.tsx";
import { ShareBar } from "../parts/share-bar.tsx";

interface ReplayProgressProps {
  readonly job: ReplayJob;
  readonly readAtMs: number;
  readonly onResume: () => void;
}

export function ReplayProgress({ job, readAtMs, onResume }: ReplayProgressProps) {
  const { counts, total, left, endedAt, state } = job;
  const rate = useRate(job, readAtMs);
  const done = total - left;
  const shares = [
    ...shownOutcomes.map((name) => ({ name, count: counts[name], ...outcomeWords[name] })),
    { name: "left", word: "left", mood: "left" as const, count: left },
  ];
  const eta = state === "running" && !job.gathering ? msLeft(left, rate) : undefined;
  return (
    <section className="panel replay-progress" aria-label="Progress">
      <p className="progress-line">
        <strong className="progress-number">
          {countText(done)} of {countText(total)}
        </strong>
        <span>{total === 0 ? "nothing to do" : `${Math.floor((done / total) * 100)} %`}</span>
        {job.gathering && <span>more is being written down, so the total still grows</span>}
        {endedAt === null && state === "running" && (
          <>
            <span>
              {rate === undefined ? "measuring its rate" : rateText(rate)}
              {` of at most ${countText(job.ratePerSecond)}/s`}
            </span>
            <span>{eta === undefined ? "" : `about ${spanText(Math.ceil(eta / 1000) * 1000)} left`}</span>
          </>
        )}
        {endedAt !== null && <span>took {spanText(Date.parse(endedAt) - Date.parse(job.createdAt))}</span>}
      </p>
      <ShareBar label="Progress" shares={shares} total={total} done={done} />
      <Standing job={job} onResume={onResume} />
    </section>
  );
}

function firstOnes(count: number): string {
  return count === 1 ? "message" : counted(count, "message");
}

/** Of the last ten seconds of looking. */
function useRate(job: ReplayJob, readAtMs: number): number | undefined {
  const [readings, setReadings] = useState<readonly Reading[]>([]);
  useEffect(() => setReadings((before) => withReading(before, readingOf(job, readAtMs))), [job, readAtMs]);
  return rateOf(readings);
}

function Standing({ job, onResume }: { readonly job: ReplayJob; readonly onResume: () => void }) {
  const { state, pauseCause, counts, left, endedAt } = job;
  const resume = (
    <button type="button" className="usual" onClick={onResume}>
      <Icon name="play" /> Go on with the other {countText(left)}…
    </button>
  );
  if (state === "paused" && pauseCause === "canary") {
    const failed = counts.failed > 0;
    return (
      <Notice
        kind={failed ? "plain" : "calm"}
        icon={failed ? "alert" : "up"}
        title={`The first ${firstOnes(job.canary ?? 1)} went, and ${failed ? countText(counts.failed) : "none"} failed again`}
      >
        <p>Look at what became of them below. The rest waits until somebody goes on.</p>
        <p className="notice-foot">{resume}</p>
      </Notice>
    );
  }
  if (state === "paused" && pauseCause === "failures") {
    return (
      <Notice kind="trouble" icon="alert" title="It stopped itself: too many failed again">
        <p>
          {counted(counts.failed, "message")} failed again; it stops at{" "}
          {Math.round(job.autoStopFailureShare * 100)} %. Find out why before you go on: it is judged anew
          from then on.
        </p>
        <p className="notice-foot">{resume}</p>
      </Notice>
    );
  }
  if (state === "paused") {
    return (
      <Notice kind="plain" icon="pause" title="It is paused">
        <p>What was published comes to its end; nothing more goes until somebody resumes it.</p>
        <p className="notice-foot">{resume}</p>
      </Notice>
    );
  }
  if (state === "cancelled" && endedAt === null) {
    return (
      <Notice kind="plain" icon="clock" title="It is being cancelled">
        <p>{counted(left, "message")} that had been published come to their end.</p>
      </Notice>
    );
  }
  return null;
}
