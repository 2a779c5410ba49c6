// The first look on a bad night: is anything failing, is anything standing still, what is being waited for.
import type { DeadLetterInfo } from "../../../contract/dead-letters.ts";
import { pathOf, searchPath } from "../../model/screens.ts";
import { termText } from "../../model/search-syntax.ts";
import { counted, countText, spanText } from "../../model/time-text.ts";
import {
  useDeadLetterInfo,
  useDeadLetterStats,
  useFirstDeadLetter,
  useHealth,
  useOrderCount,
} from "../data/live.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { Link } from "../frame/router.tsx";
import { Facts } from "../parts/facts.tsx";
import { Loading, Notice, TroubleNotice } from "../parts/notice.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Panel } from "../parts/panel.tsx";
import { Visible } from "../parts/text.tsx";
import { Age, Since } from "../parts/time.tsx";
import { PipelineStrip } from "./pipeline-strip.tsx";
import { StalledPartitions } from "./stalled-partitions.tsx";
import { Tile } from "./tile.tsx";

export function Overview() {
  const health = useHealth();
  const letters = useDeadLetterStats();
  const first = useFirstDeadLetter();
  const orders = useOrderCount();
  return (
    <>
      <PageHead title="Overview" about="What order says of itself, asked every few seconds." />
      <div className="tiles">
        <Tile
          title="Dead letters"
          href={pathOf({ screen: "messages" })}
          count={letters.data?.total}
          query={letters}
          mood={(letters.data?.total ?? 0) > 0 ? "bad" : "ok"}
        >
          {letters.data?.total === 0 && "Nothing failed."}
          {first.data !== undefined && first.data !== null && (
            <>
              First in the queue failed <Since iso={first.data.lastFailureAt} />
            </>
          )}
        </Tile>
        <ParkedTile />
        <Tile
          title="Orders stored"
          href={pathOf({ screen: "orders" })}
          count={orders.data}
          query={orders}
          mood="none"
        >
          {orders.data === 0 && "No order has arrived yet."}
        </Tile>
        <Tile title="Redelivered" count={health.data?.redelivered} query={health} mood="none">
          Records that came again since the start; none had a second effect
        </Tile>
      </div>

      <Panel title="Path of an event" aside={<Age readAtMs={health.dataUpdatedAt} />}>
        {health.data === undefined ? <WithoutHealth /> : <PipelineStrip health={health.data} />}
      </Panel>

      <StalledPartitions />

      <div className="two-columns">
        <Panel title="Waited for" aside={<Age readAtMs={health.dataUpdatedAt} />}>
          {health.data === undefined ? <WithoutHealth /> : <WaitedFor lines={health.data.waitingFor} />}
        </Panel>
        <DeadLetterKinds />
      </div>
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

function ParkedTile() {
  const health = useHealth();
  const parked = health.data?.parked;
  const all =
    parked === undefined || parked === null ? undefined : parked.waiting + parked.behind + parked.dead;
  return (
    <Tile
      title="Waiting"
      href={pathOf({ screen: "waiting" })}
      count={all}
      query={health}
      mood={(all ?? 0) > 0 ? "warn" : "ok"}
      unknown="The store cannot be asked"
    >
      {all === 0 && "Nothing is between two attempts."}
      {parked === undefined || parked === null || all === 0
        ? null
        : `${countText(parked.waiting)} for an attempt, ${countText(parked.behind)} behind them, ${countText(parked.dead)} on the way to the DLQ`}
    </Tile>
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
