// All replays, the newest first: what runs, what waits for somebody, how the others ended.
import { useMemo, useRef } from "react";
import { newReplayHref } from "../../model/replay-address.ts";
import { pathOf } from "../../model/screens.ts";
import { counted, countText } from "../../model/time-text.ts";
import { useReplays } from "../data/replays.ts";
import type { ReplayJob } from "../data/told.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { useHotkeys } from "../frame/hotkeys.ts";
import { Link, navigate } from "../frame/router.tsx";
import { Icon } from "../parts/icon.tsx";
import { Loading, Notice, TroubleNotice, unread } from "../parts/notice.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { useRowCursor } from "../parts/row-cursor.ts";
import { JobStateBadge } from "../parts/state-badge.tsx";
import { Short } from "../parts/text.tsx";
import { Age, Instant } from "../parts/time.tsx";

const newHref = newReplayHref({ kind: "search", typed: "" });

export function Replays() {
  const replays = useReplays();
  const jobs = useMemo(() => replays.data?.pages.flatMap((page) => page.replays) ?? [], [replays.data]);
  const area = useRef<HTMLTableElement>(null);
  const cursor = useRowCursor(area, jobs.length);
  useHotkeys("Replays", [
    { keys: "j", about: "next row", run: () => cursor.move(1) },
    { keys: "k", about: "row before", run: () => cursor.move(-1) },
    { keys: "Enter", about: "open this replay" },
    { keys: "r", about: "new replay", run: () => navigate(newHref) },
  ]);
  const running = jobs.filter(({ endedAt }) => endedAt === null).length;
  return (
    <>
      <PageHead
        title="Replays"
        about="Failed events that were sent through order again. They run on the server, whoever looks."
      >
        <Link className="button usual" href={newHref}>
          <Icon name="replays" /> New replay
        </Link>
      </PageHead>
      <p className="list-line" role="status">
        <span>
          {replays.data === undefined
            ? unread(replays.isError)
            : `${counted(jobs.length, "replay")}${replays.hasNextPage ? " read, older ones below" : ""}, ${running === 0 ? "none is under way" : `${countText(running)} under way`}`}
        </span>
        <Age readAtMs={replays.dataUpdatedAt} />
      </p>
      {replays.isPending && <Loading rows={6} what="the replays" />}
      {replays.isError && (
        <TroubleNotice
          title={
            replays.data === undefined
              ? "The replays could not be read"
              : "The replays could not be read again"
          }
          trouble={troubleOfQuestion(replays.error)}
          onAgain={() => void replays.refetch()}
        />
      )}
      {replays.data !== undefined && jobs.length === 0 && (
        <Notice kind="plain" icon="replays" title="Nothing was replayed yet">
          <p>
            Start where the failures are: <Link href={pathOf({ screen: "failures" })}>Failures</Link> has a
            button for each kind, <Link href={pathOf({ screen: "messages" })}>Messages</Link> for what is
            chosen or searched for.
          </p>
        </Notice>
      )}
      {jobs.length > 0 && (
        <div className="table-scroll">
          <table className="table rows replays" ref={area}>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">State</th>
                <th scope="col">Progress</th>
                <th scope="col">Outcomes</th>
                <th scope="col">Started</th>
              </tr>
            </thead>
            <tbody>
              {jobs.map((job, index) => (
                <JobRow key={job.id} job={job} index={index} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {replays.hasNextPage && (
        <button
          type="button"
          disabled={replays.isFetchingNextPage}
          onClick={() => void replays.fetchNextPage()}
        >
          {replays.isFetchingNextPage ? "Reading…" : "Read more"}
        </button>
      )}
    </>
  );
}

function JobRow({ job, index }: { readonly job: ReplayJob; readonly index: number }) {
  const { counts, total, left } = job;
  const parts = [
    [counts.applied, "applied"],
    [counts.already_applied, "already stored"],
    [counts.stale, "stale"],
    [counts.failed, "failed again"],
    [counts.skipped, "skipped"],
  ] as const;
  return (
    <tr data-row={index}>
      <td className="strong" data-name="Name">
        <Link href={pathOf({ screen: "replay", id: job.id })} data-open>
          <Short text={job.name} length={100} />
        </Link>
      </td>
      <td data-name="State">
        <JobStateBadge job={job} />
      </td>
      <td data-name="Progress">
        <div className="small-progress">
          <progress max={Math.max(1, total)} value={total - left} aria-label="Progress" />
          <span>
            {countText(total - left)} of {countText(total)}
          </span>
        </div>
      </td>
      <td data-name="Outcomes">
        <span>
          {parts
            .filter(([count]) => count > 0)
            .map(([count, word]) => `${countText(count)} ${word}`)
            .join(", ") || <span className="absent">none yet</span>}
        </span>
      </td>
      <td data-name="Started">
        <Instant iso={job.createdAt} />
      </td>
    </tr>
  );
}
