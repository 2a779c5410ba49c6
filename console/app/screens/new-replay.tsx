// A new replay: what it is about, fixed at a moment; what would become of it; how fast and how carefully it goes; and why.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState, type FormEvent } from "react";
import { newReplayHref, readNewReplay } from "../../model/replay-address.ts";
import { pathOf, searchPath } from "../../model/screens.ts";
import { clockTime, counted, countText } from "../../model/time-text.ts";
import { useObjection } from "../data/access.ts";
import { orderClient } from "../data/order-client.ts";
import { useDryRun } from "../data/replays.ts";
import { troubleOfOrder, troubleOfQuestion } from "../data/trouble.ts";
import { useHotkeys } from "../frame/hotkeys.ts";
import { useZone } from "../frame/preferences.ts";
import { goBack, Link, navigate, useAddress } from "../frame/router.tsx";
import { BackLink } from "../parts/back-link.tsx";
import { FilterField } from "../parts/filter-field.tsx";
import { formText } from "../parts/form-text.ts";
import { Icon } from "../parts/icon.tsx";
import { NotAllowed } from "../parts/not-allowed.tsx";
import { Loading, Notice, TroubleNotice } from "../parts/notice.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Panel } from "../parts/panel.tsx";
import { Short, Visible } from "../parts/text.tsx";
import { Age } from "../parts/time.tsx";
import { DryRun } from "./dry-run.tsx";
import { freeze, type FrozenScope } from "./frozen-scope.ts";
import { ReplayWishes } from "./replay-wishes.tsx";

const leave = () => goBack(pathOf({ screen: "replays" }));

export function NewReplay() {
  const address = useAddress();
  const asked = useMemo(() => readNewReplay(new URLSearchParams(address.search)), [address.search]);
  const [asOfMs, setAsOfMs] = useState(() => Date.now());
  const [force, setForce] = useState(asked.force === true);
  const [canary, setCanary] = useState(asked.canary);
  const frozen = useMemo(() => freeze(asked.target, asOfMs), [asked.target, asOfMs]);
  const preview = useDryRun(frozen.kind === "none" ? undefined : frozen.scope, force, asOfMs);
  // The same order however often it is sent from this page, so it makes one job.
  const [requestId] = useState(() => `console-${crypto.randomUUID()}`);
  const sent = useRef(false);
  // The dry run is for everybody who may look.
  const objection = useObjection("replays.start");
  const queries = useQueryClient();
  const total = preview.data?.total;
  const start = useMutation({
    mutationFn: (fields: FormData) => {
      if (frozen.kind === "none") throw new Error("nothing is asked about");
      return orderClient.replays.start.mutate({
        scope: frozen.scope,
        name: formText(fields, "name").trim(),
        reason: formText(fields, "reason").trim(),
        ratePerSecond: Number(formText(fields, "rate")),
        autoStopFailureShare: Number(formText(fields, "stop")) / 100,
        ...(canary === undefined ? {} : { canary }),
        force,
        requestId,
      });
    },
    onSuccess: (job) => {
      void queries.invalidateQueries();
      const confirmed =
        total === undefined || (total === job.total && !job.gathering) ? "" : `?confirmed=${total}`;
      navigate(pathOf({ screen: "replay", id: job.id }) + confirmed, { replace: true });
    },
    onError: () => {
      sent.current = false;
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    // State comes a moment too late for a double click.
    if (sent.current || total === undefined || total === 0 || objection !== undefined) return;
    sent.current = true;
    start.mutate(new FormData(event.currentTarget));
  };
  // What has to be typed has the focus, wherever the page is scrolled to.
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector("textarea")?.focus({ preventScroll: true }), []);
  useHotkeys("New replay", [
    { keys: "Escape", about: "back, nothing is started", run: leave },
    { keys: "Ctrl Enter", about: "start, from any field" },
  ]);
  return (
    <>
      <p className="back">
        <BackLink href={pathOf({ screen: "replays" })} onLeave={leave}>
          Back
        </BackLink>
      </p>
      <PageHead
        title="New replay"
        about="Sends failed events through order again: the same bytes, in their order, to the group that failed and no other."
      />
      <div className="new-replay">
        <div>
          <ScopePanel frozen={frozen} asOfMs={asOfMs} />
          <Panel
            title="Dry run"
            aside={
              <>
                <Age readAtMs={preview.dataUpdatedAt} />
                <button
                  type="button"
                  disabled={preview.isFetching || frozen.kind === "none"}
                  onClick={() => setAsOfMs(Date.now())}
                >
                  <Icon name="again" /> {preview.isFetching ? "Looking…" : "Look again"}
                </button>
              </>
            }
          >
            {frozen.kind === "none" && <p className="panel-text">Nothing is looked at yet.</p>}
            {frozen.kind !== "none" && preview.data === undefined && !preview.isError && (
              <Loading rows={5} what="what would become of them" />
            )}
            {preview.isError && (
              <TroubleNotice
                title="What would become of them could not be told"
                trouble={troubleOfQuestion(preview.error)}
                onAgain={() => void preview.refetch()}
              />
            )}
            {preview.data !== undefined && !preview.isError && <DryRun preview={preview.data} />}
          </Panel>
        </div>
        <form
          ref={form}
          onSubmit={submit}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
            event.preventDefault();
            event.currentTarget.requestSubmit();
          }}
        >
          <ReplayWishes
            name={asked.name ?? nameOf(frozen)}
            canary={canary}
            onCanary={setCanary}
            force={force}
            onForce={setForce}
            quarantined={force ? undefined : preview.data?.leftOut.quarantined}
            most={total}
          >
            {start.isError && (
              <TroubleNotice title="No replay was started" trouble={troubleOfOrder(start.error)} />
            )}
            <NotAllowed objection={objection} />
            <footer className="dialog-foot">
              <button type="button" disabled={start.isPending} onClick={leave}>
                Cancel
              </button>
              <button
                type="submit"
                className="usual"
                disabled={start.isPending || (total ?? 0) === 0 || objection !== undefined}
              >
                {start.isPending ? "Starting…" : startText(total, canary)}
              </button>
            </footer>
          </ReplayWishes>
        </form>
      </div>
    </>
  );
}

function startText(total: number | undefined, canary: number | undefined): string {
  if (total === undefined) return "Replay";
  if (total === 0) return "Nothing to replay";
  const first = canary === undefined || canary >= total ? "" : `, ${countText(canary)} first`;
  return `Replay ${counted(total, "message")}${first}`;
}

function nameOf(frozen: FrozenScope): string {
  switch (frozen.kind) {
    case "search":
      return (frozen.typed === "" ? "all open messages" : frozen.typed).slice(0, 100);
    case "ids":
      return frozen.ids.length === 1
        ? `message ${frozen.ids[0] ?? ""}`.slice(0, 100)
        : counted(frozen.ids.length, "chosen message");
    case "none":
      return "";
  }
}

function ScopePanel({ frozen, asOfMs }: { readonly frozen: FrozenScope; readonly asOfMs: number }) {
  const [zone] = useZone();
  const address = useAddress();
  const { target, canary } = readNewReplay(new URLSearchParams(address.search));
  return (
    <Panel title="What is replayed" aside={<span>as of {clockTime(asOfMs, zone)}</span>}>
      {target.kind === "search" && (
        <ScopeSearch typed={target.typed} {...(canary === undefined ? {} : { canary })} />
      )}
      {frozen.kind === "none" && (
        <Notice kind="plain" icon="alert" title="There is nothing that could be replayed">
          {frozen.problems.map((problem) => (
            <p key={problem}>
              <Visible text={problem} />
            </p>
          ))}
        </Notice>
      )}
      {frozen.kind === "ids" && (
        <p>
          <strong>{counted(frozen.ids.length, "message")}</strong>, chosen one by one:{" "}
          {frozen.ids.slice(0, 3).map((id, index) => (
            <span key={id}>
              {index > 0 && ", "}
              <Link href={pathOf({ screen: "message", id })}>
                <Short text={id} length={80} />
              </Link>
            </span>
          ))}
          {frozen.ids.length > 3 && ` and ${countText(frozen.ids.length - 3)} more`}
        </p>
      )}
      {frozen.kind === "search" && (
        <p className="panel-text">
          Every open message that {frozen.typed === "" ? "is there" : "matches"} and failed before this
          moment. What fails later is not in it. <Link href={searchPath(frozen.typed)}>Look at them</Link>
        </p>
      )}
    </Panel>
  );
}

function ScopeSearch({ typed, canary }: { readonly typed: string; readonly canary?: number }) {
  return (
    <FilterField
      id="scope-search"
      label="Search, as under Messages; empty for all"
      value={typed}
      onChange={(next) =>
        navigate(newReplayHref({ kind: "search", typed: next }, canary === undefined ? {} : { canary }), {
          replace: true,
        })
      }
    />
  );
}
