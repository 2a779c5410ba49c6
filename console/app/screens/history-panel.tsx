// The last minutes as a plot: what became of events, and how many were written.
import { useQuery } from "@tanstack/react-query";
import { latencyText } from "../../model/rate-text.ts";
import { countText, spanText } from "../../model/time-text.ts";
import { orderClient } from "../data/order-client.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { useParameter } from "../frame/router.tsx";
import { Loading, TroubleNotice } from "../parts/notice.tsx";
import { Panel } from "../parts/panel.tsx";
import { Plot, type PlotSeries } from "../parts/plot.tsx";
import { Instant } from "../parts/time.tsx";

const spans = [
  ["5", "5 min"],
  ["15", "15 min"],
  ["60", "1 hour"],
] as const;
type Span = (typeof spans)[number][0];

export function HistoryPanel() {
  const [asked, setAsked] = useParameter("span");
  const span: Span = asked === "5" || asked === "60" ? asked : "15";
  const seconds = Number(span) * 60;
  const history = useQuery({
    queryKey: ["history", seconds],
    queryFn: ({ signal }) => orderClient.stats.history.query({ seconds }, { signal }),
    refetchInterval: Math.max(2000, (seconds / 300) * 1000),
    placeholderData: (before) => before,
  });
  const { data } = history;
  return (
    <Panel
      title="Events"
      aside={
        <div className="tabs" role="group" aria-label="How far back">
          {spans.map(([name, title]) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === span}
              onClick={() => setAsked(name === "15" ? "" : name, { replace: true })}
            >
              {title}
            </button>
          ))}
        </div>
      }
    >
      {data === undefined && !history.isError && <Loading rows={4} what="the last minutes" />}
      {data === undefined && history.isError && (
        <TroubleNotice
          title="The last minutes could not be read"
          trouble={troubleOfQuestion(history.error)}
          onAgain={() => void history.refetch()}
        />
      )}
      {data !== undefined && (
        <div className="plots">
          <Plot
            label={`Events in each ${spanText(data.stepSeconds * 1000)}: stored, tried again, dead, and accepted on the topics`}
            times={data.at}
            stacked
            height={190}
            series={[
              { name: "stored", tone: "ok", kind: "area", values: data.stored },
              { name: "to be tried again", tone: "warn", kind: "area", values: data.retried },
              { name: "dead", tone: "bad", kind: "area", values: data.dead },
              { name: "accepted", tone: "accent", kind: "line", apart: true, values: data.accepted },
            ]}
          />
          <Plot
            label="End to end, from cart to the store: within which time half and 99 of 100 events were stored"
            times={data.at}
            height={190}
            valueText={latencyText}
            series={latencies(data)}
          />
        </div>
      )}
      {data !== undefined && (
        <p className="panel-text small">
          In each {spanText(data.stepSeconds * 1000)}, as this instance counts since{" "}
          <Instant iso={data.since} />; a restart begins anew. {countText(data.at.length)} spans.
        </p>
      )}
    </Panel>
  );
}

function latencies(data: {
  readonly p50Ms: readonly (number | null)[];
  readonly p99Ms: readonly (number | null)[];
}): PlotSeries[] {
  return [
    { name: "99 of 100 within", tone: "soft", kind: "dots", values: data.p99Ms },
    { name: "half within", tone: "accent", kind: "dots", values: data.p50Ms },
  ];
}
