// What a replay does to the system while it runs: its outcomes, and everything that fails since it was started.
import { useMemo } from "react";
import { spanText } from "../../model/time-text.ts";
import { useReplayTimeline } from "../data/replays.ts";
import type { ReplayJob } from "../data/told.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { Loading, TroubleNotice } from "../parts/notice.tsx";
import { Panel } from "../parts/panel.tsx";
import { Plot, type PlotSeries } from "../parts/plot.tsx";
import { Age } from "../parts/time.tsx";

export function ReplayPlot({ job }: { readonly job: ReplayJob }) {
  const timeline = useReplayTimeline(job.id, job.endedAt !== null, job.total);
  const { data } = timeline;
  const plotted = useMemo(() => {
    if (data === undefined) return undefined;
    const fromSeconds = Date.parse(data.fromAt) / 1000;
    const times = data.settled.map((_, step) => fromSeconds + (step * data.stepMs) / 1000);
    const series: PlotSeries[] = [
      { name: "with an outcome", tone: "accent", kind: "area", values: sums(data.settled) },
      { name: "new failures of any kind", tone: "bad", kind: "line", values: sums(data.newFailures) },
    ];
    return { times, series };
  }, [data]);
  return (
    <Panel
      title="Outcomes and new failures since the start"
      aside={
        <>
          {data !== undefined && <span>steps of {spanText(data.stepMs)}</span>}
          <Age readAtMs={timeline.dataUpdatedAt} />
        </>
      }
    >
      {plotted === undefined && !timeline.isError && (
        <div className="plot-waiting">
          <Loading rows={4} what="the plot" />
        </div>
      )}
      {plotted === undefined && timeline.isError && (
        <TroubleNotice
          title="The plot could not be read"
          trouble={troubleOfQuestion(timeline.error)}
          onAgain={() => void timeline.refetch()}
        />
      )}
      {plotted !== undefined && (
        <Plot
          label="Outcomes of the replay and new failures since its start, summed up over time"
          times={plotted.times}
          series={plotted.series}
        />
      )}
    </Panel>
  );
}

function sums(steps: readonly number[]): readonly number[] {
  let sum = 0;
  return steps.map((count) => (sum += count));
}
