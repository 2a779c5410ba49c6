// What became of each message of a replay, outcome by outcome, and the way to replay once more what failed again.
import { useQuery } from "@tanstack/react-query";
import { maxScopeIds } from "../../../contract/replays.ts";
import { newReplayHref } from "../../model/replay-address.ts";
import { itemWords, shownOutcomes } from "../../model/replay-progress.ts";
import { pathOf } from "../../model/screens.ts";
import { counted, countText } from "../../model/time-text.ts";
import { targetOfIds } from "../data/chosen-letters.ts";
import { orderClient } from "../data/order-client.ts";
import { useReplayItems } from "../data/replays.ts";
import type { ReplayItem, ReplayJob } from "../data/told.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { Link, navigate, useParameter } from "../frame/router.tsx";
import { Icon } from "../parts/icon.tsx";
import { Loading, Notice, TroubleNotice } from "../parts/notice.tsx";
import { Panel } from "../parts/panel.tsx";
import { Tabs } from "../parts/tabs.tsx";
import { Short } from "../parts/text.tsx";
import { Age, Instant } from "../parts/time.tsx";

const shownStates = ["failed", "applied", "already_applied", "stale", "skipped", "sent", "pending"] as const;
type ShownState = (typeof shownStates)[number];

export function ReplayOutcomes({ job }: { readonly job: ReplayJob }) {
  const [asked, setAsked] = useParameter("outcome");
  const { counts, endedAt } = job;
  const state: ShownState =
    shownStates.find((name) => name === asked) ??
    shownOutcomes.find((name) => name === "failed" && counts.failed > 0) ??
    shownOutcomes.find((name) => counts[name] > 0) ??
    "pending";
  const ended = endedAt !== null;
  const isOutcome = state !== "pending" && state !== "sent";
  const items = useReplayItems(job.id, state, isOutcome ? counts[state] : job.left, ended);
  const rows = items.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Panel title="What became of them" aside={<Age readAtMs={items.dataUpdatedAt} />}>
      <Tabs
        label="Outcome"
        chosen={state}
        onChoose={(name) => setAsked(name, { replace: true })}
        tabs={[
          ...shownOutcomes.map((name) => ({ name, title: itemWords[name].word, count: counts[name] })),
          ...(ended ? [] : [{ name: "pending" as const, title: "left", count: job.left }]),
        ]}
        known
      />
      {ended && counts.failed > 0 && <ReplayFailedAgain job={job} />}
      {items.data === undefined && !items.isError && <Loading rows={4} what="the messages" />}
      {items.isError && items.data === undefined && (
        <TroubleNotice
          title="What became of them could not be read"
          trouble={troubleOfQuestion(items.error)}
          onAgain={() => void items.refetch()}
        />
      )}
      {items.data !== undefined && rows.length === 0 && (
        <Notice
          kind="plain"
          icon="search"
          title={`None ${isOutcome ? `was ${itemWords[state].word}` : "waits to be sent"}`}
        />
      )}
      {rows.length > 0 && (
        <ul className="items">
          {rows.map((item) => (
            <Item key={item.number} item={item} />
          ))}
        </ul>
      )}
      {items.hasNextPage && (
        <button type="button" disabled={items.isFetchingNextPage} onClick={() => void items.fetchNextPage()}>
          {items.isFetchingNextPage ? "Reading…" : "Read more"}
        </button>
      )}
    </Panel>
  );
}

function Item({ item: { number, deadLetterId, settledAt, failure } }: { readonly item: ReplayItem }) {
  return (
    <li>
      <span className="item-number">{countText(number)}</span>
      <div>
        <Link href={pathOf({ screen: "message", id: deadLetterId })}>
          <Short text={deadLetterId} length={120} />
        </Link>
        {failure !== null && (
          <p className="item-failure">
            <span className="letter-reason">
              <Short text={failure.reason} length={40} />
            </span>{" "}
            <Short text={failure.errorMessage} length={300} />
          </p>
        )}
      </div>
      <span className="item-time">{settledAt !== null && <Instant iso={settledAt} />}</span>
    </li>
  );
}

/** The ids are read first, so that the new replay is about exactly them. */
function ReplayFailedAgain({ job }: { readonly job: ReplayJob }) {
  const { failed } = job.counts;
  const count = Math.min(failed, maxScopeIds);
  const ids = useQuery({
    queryKey: ["failed-again", job.id],
    enabled: false,
    queryFn: async ({ signal }) => {
      const page = await orderClient.replays.items.query(
        { id: job.id, state: "failed", limit: maxScopeIds },
        { signal },
      );
      return page.items.map(({ deadLetterId }) => deadLetterId);
    },
  });
  const open = async () => {
    const { data } = await ids.refetch();
    if (data === undefined) return;
    navigate(newReplayHref(targetOfIds(data), { name: `again: ${job.name}`.slice(0, 100) }));
  };
  return (
    <div className="again">
      <button
        id="replay-again"
        type="button"
        className="usual"
        disabled={ids.isFetching}
        onClick={() => void open()}
      >
        <Icon name="replays" /> Replay the {failed > count ? `first ${countText(count)} of the ` : ""}
        {counted(failed, "that", "that")} failed again…
      </button>
      {ids.isError && (
        <TroubleNotice title="Which ones failed could not be read" trouble={troubleOfQuestion(ids.error)} />
      )}
    </div>
  );
}
