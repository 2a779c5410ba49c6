// One replay: how far it is, what it does to the system meanwhile, what became of each message, and how to stop it. It runs on
// the server: leaving this page, or closing it, changes nothing.
import { useState } from "react";
import { newReplayHref } from "../../model/replay-address.ts";
import { pathOf } from "../../model/screens.ts";
import { countText } from "../../model/time-text.ts";
import { useReplay } from "../data/replays.ts";
import type { ReplayJob } from "../data/told.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { useHotkeys } from "../frame/hotkeys.ts";
import { goBack, navigate, useParameter } from "../frame/router.tsx";
import { BackLink } from "../parts/back-link.tsx";
import { Icon } from "../parts/icon.tsx";
import { Loading, Notice, TroubleNotice } from "../parts/notice.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { PermittedButton } from "../parts/permitted-button.tsx";
import { JobStateBadge } from "../parts/state-badge.tsx";
import { Short } from "../parts/text.tsx";
import { Age, Since } from "../parts/time.tsx";
import { ReplayFacts } from "./replay-facts.tsx";
import { ReplayOrders, type ReplayOrder } from "./replay-orders.tsx";
import { ReplayOutcomes } from "./replay-outcomes.tsx";
import { ReplayPlot } from "./replay-plot.tsx";
import { ReplayProgress } from "./replay-progress.tsx";

const leave = () => goBack(pathOf({ screen: "replays" }));

export function ReplayScreen({ id }: { readonly id: string }) {
  const replay = useReplay(id);
  const [ordering, setOrdering] = useState<ReplayOrder["what"]>();
  const { data: job } = replay;
  const open = job !== undefined && job.endedAt === null && job.state !== "cancelled";
  useHotkeys("Replay", [
    ...(open && job.state === "running"
      ? [{ keys: "p", about: "pause it (asks first)", run: () => setOrdering("pause") }]
      : []),
    ...(open && job.state === "paused"
      ? [{ keys: "p", about: "go on with it (asks first)", run: () => setOrdering("resume") }]
      : []),
    ...(open
      ? [
          { keys: "s", about: "change its rate (asks first)", run: () => setOrdering("rate") },
          { keys: "c", about: "cancel it (asks first)", run: () => setOrdering("cancel") },
        ]
      : []),
    ...(job !== undefined && job.endedAt !== null
      ? [
          {
            keys: "r",
            about: "replay once more what is still open",
            run: () => document.getElementById("replay-again")?.click(),
          },
        ]
      : []),
    { keys: "Escape", about: "back; the replay goes on", run: leave },
  ]);
  return (
    <>
      <p className="back">
        <BackLink href={pathOf({ screen: "replays" })} onLeave={leave}>
          Replays
        </BackLink>
      </p>
      <PageHead title={job?.name ?? "Replay"} about={job === undefined ? undefined : <HeadLine job={job} />}>
        <Age readAtMs={replay.dataUpdatedAt} />
        {open && <OrderButtons job={job} onOrder={setOrdering} />}
      </PageHead>
      {job === undefined && !replay.isError && <Loading rows={8} what="the replay" />}
      {replay.isError && (
        <Unread error={replay.error} known={job !== undefined} onAgain={() => void replay.refetch()} />
      )}
      {job !== undefined && (
        <>
          <Confirmed job={job} />
          <ReplayProgress job={job} readAtMs={replay.dataUpdatedAt} onResume={() => setOrdering("resume")} />
          <div className="replay-columns">
            <div>
              <ReplayPlot job={job} />
              <ReplayOutcomes job={job} />
            </div>
            <ReplayFacts job={job} />
          </div>
          {ordering !== undefined && (
            <ReplayOrders ordering={{ what: ordering, job }} onClose={() => setOrdering(undefined)} />
          )}
        </>
      )}
    </>
  );
}

function HeadLine({ job }: { readonly job: ReplayJob }) {
  return (
    <span className="head-line">
      <JobStateBadge job={job} />
      <span>
        started <Since iso={job.createdAt} />
      </span>
      <span>
        <Short text={job.reason} length={160} />
      </span>
    </span>
  );
}

interface OrderButtonsProps {
  readonly job: ReplayJob;
  readonly onOrder: (what: ReplayOrder["what"]) => void;
}

function OrderButtons({ job, onOrder }: OrderButtonsProps) {
  return (
    <>
      {job.state === "running" ? (
        <PermittedButton operation="replays.pause" onClick={() => onOrder("pause")}>
          <Icon name="pause" /> Pause…
        </PermittedButton>
      ) : (
        <PermittedButton operation="replays.resume" className="usual" onClick={() => onOrder("resume")}>
          <Icon name="play" /> Resume…
        </PermittedButton>
      )}
      <PermittedButton operation="replays.setRate" onClick={() => onOrder("rate")}>
        Rate {countText(job.ratePerSecond)}/s…
      </PermittedButton>
      <PermittedButton operation="replays.cancel" onClick={() => onOrder("cancel")}>
        <Icon name="close" /> Cancel…
      </PermittedButton>
    </>
  );
}

/** Between the look and the order somebody else may have been quicker. */
function Confirmed({ job }: { readonly job: ReplayJob }) {
  const [confirmed] = useParameter("confirmed");
  const count = Number(confirmed);
  if (job.gathering || confirmed === "" || !Number.isSafeInteger(count) || count === job.total) return null;
  return (
    <Notice
      kind="plain"
      icon="alert"
      title={`It has ${countText(job.total)} messages, not ${countText(count)}`}
    >
      <p>
        The others were no longer open when it was started: another replay has them, or somebody settled them
        meanwhile.
      </p>
    </Notice>
  );
}

interface UnreadProps {
  readonly error: unknown;
  readonly known: boolean;
  readonly onAgain: () => void;
}

function Unread({ error, known, onAgain }: UnreadProps) {
  const trouble = troubleOfQuestion(error);
  if (trouble.notFound) {
    return (
      <Notice kind="plain" icon="search" title="There is no replay with this id">
        <p>
          It was never one, or its store is another one.{" "}
          <button
            type="button"
            className="quiet"
            onClick={() => navigate(newReplayHref({ kind: "search", typed: "" }))}
          >
            New replay
          </button>
        </p>
      </Notice>
    );
  }
  return (
    <TroubleNotice
      title={known ? "The replay could not be read again; it goes on" : "The replay could not be read"}
      trouble={trouble}
      onAgain={onAgain}
    />
  );
}
