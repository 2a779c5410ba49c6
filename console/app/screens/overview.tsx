// The first look on a bad night: is anything failing, is anything standing still, what is being waited for.
import type { DeadLetterInfo } from "../../../contract/dead-letters.ts";
import { searchPath } from "../../model/screens.ts";
import { termText } from "../../model/search-syntax.ts";
import { counted, countText, spanText } from "../../model/time-text.ts";
import { useDeadLetterInfo, useDeadLetterStats, useHealth } from "../data/live.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { Link } from "../frame/router.tsx";
import { Facts } from "../parts/facts.tsx";
import { Loading, Notice, TroubleNotice } from "../parts/notice.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Panel } from "../parts/panel.tsx";
import { Visible } from "../parts/text.tsx";
import { Age } from "../parts/time.tsx";
import { ArrivedLetters } from "./arrived-letters.tsx";
import { HistoryPanel } from "./history-panel.tsx";
import { LiveSign } from "./live-sign.tsx";
import { NowTiles } from "./now-tiles.tsx";
import { PipelineStrip } from "./pipeline-strip.tsx";
import { RunningReplays } from "./running-replays.tsx";
import { StalledPartitions } from "./stalled-partitions.tsx";

export function Overview() {
  const health = useHealth();
  return (
    <>
      <PageHead title="Overview" about="What order does at this moment, and what it waits for.">
        <LiveSign />
      </PageHead>
      <NowTiles />

      <Panel title="Path of an event" aside={<Age readAtMs={health.dataUpdatedAt} />}>
        {health.data === undefined ? <WithoutHealth /> : <PipelineStrip health={health.data} />}
      </Panel>

      <StalledPartitions />
      <HistoryPanel />
      <RunningReplays />

      <div className="two-columns">
        <Panel title="Waited for" aside={<Age readAtMs={health.dataUpdatedAt} />}>
          {health.data === undefined ? <WithoutHealth /> : <WaitedFor lines={health.data.waitingFor} />}
        </Panel>
        <DeadLetterKinds />
      </div>
      <ArrivedLetters />
    </>
  );
}

function WithoutHealth() {
  const health = useHealth();
  if (!health.isError) return <Loading rows={2} what="the health of order" />;
  return (
    <TroubleNotice
      title="The health of order could not be read"
      trouble={troubleOfQuestion(health.error)}
      onAgain={() => void health.refetch()}
    />
  );
}

function WaitedFor({ lines }: { readonly lines: readonly string[] }) {
  if (lines.length === 0)
    return <Notice kind="calm" icon="up" title="Nothing: everything that is needed is there" />;
  return (
    <ul className="waited-for">
      {lines.map((line) => (
        <li key={line}>
          <Visible text={line} />
        </li>
      ))}
    </ul>
  );
}

function DeadLetterKinds() {
  const letters = useDeadLetterStats();
  const info = useDeadLetterInfo();
  const kinds = Object.entries(letters.data?.byCategory ?? {});
  const topics = letters.data?.topics ?? [];
  return (
    <Panel title="Dead letters by kind" aside={<Age readAtMs={letters.dataUpdatedAt} />}>
      {letters.data === undefined && !letters.isError && <Loading rows={2} what="the dead letters" />}
      {letters.data === undefined && letters.isError && (
        <TroubleNotice
          title="The dead letters could not be read"
          trouble={troubleOfQuestion(letters.error)}
          onAgain={() => void letters.refetch()}
        />
      )}
      {letters.data?.total === 0 && <Notice kind="calm" icon="up" title="Nothing failed" />}
      {kinds.map(([category, count]) => (
        <div key={category} className="share">
          <Link href={searchPath(`category:${category}`)}>{category}</Link>
          <meter min={0} max={letters.data?.total ?? 0} value={count} aria-label={category} />
          <span className="number">{countText(count)}</span>
        </div>
      ))}
      {info.data !== undefined && (
        <Facts
          facts={[
            ...topics.map(({ topic, total }) => ({
              name: "Topic",
              key: topic,
              value: (
                <>
                  <Link href={searchPath(termText("dlq", topic))}>
                    <Visible text={topic} />
                  </Link>{" "}
                  {countText(total)}
                </>
              ),
            })),
            {
              name: "Retries of system A",
              value: retriesText(info.data),
            },
          ]}
        />
      )}
    </Panel>
  );
}

function retriesText({ maxRetries, retryBackoffMs, maxBackoffMs }: DeadLetterInfo): string {
  const retries = counted(maxRetries, "retry", "retries");
  if (maxRetries === 0) return "none";
  const first = `${retries}, the first after ${spanText(retryBackoffMs)}`;
  return retryBackoffMs < maxBackoffMs
    ? `${first}, then twice as long each time, ${spanText(maxBackoffMs)} at most`
    : first;
}
