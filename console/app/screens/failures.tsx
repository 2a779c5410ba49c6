// What failed alike is one row: how much, since when, who looks after it, and what to do about all of it at once.
import { useRef, useState } from "react";
import {
  countGroups,
  groupMatches,
  groupStateOf,
  groupStates,
  type GroupState,
} from "../../model/group-state.ts";
import { counted, countText } from "../../model/time-text.ts";
import { useGroups } from "../data/replays.ts";
import type { LetterGroup } from "../data/told.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { useHotkeys } from "../frame/hotkeys.ts";
import { navigate, useParameter } from "../frame/router.tsx";
import { FilterField } from "../parts/filter-field.tsx";
import { Loading, Notice, TroubleNotice, unread } from "../parts/notice.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { useRowCursor } from "../parts/row-cursor.ts";
import { Tabs } from "../parts/tabs.tsx";
import { Age } from "../parts/time.tsx";
import { GroupOrders, type GroupOrder } from "./group-orders.tsx";
import { GroupRow, groupReplayHref } from "./group-row.tsx";

const words = { open: "Open", replaying: "Replaying", ignored: "Ignored", resolved: "Resolved" } as const;

export function Failures() {
  const groups = useGroups();
  const [asked, setAsked] = useParameter("state");
  const [filter, setFilter] = useParameter("q");
  const [ordering, setOrdering] = useState<GroupOrder>();
  const state: GroupState | "all" =
    asked === "all" ? "all" : (groupStates.find((name) => name === asked) ?? "open");
  const all = groups.data?.groups ?? [];
  const counts = countGroups(all);
  const ofState = all.filter((group) => state === "all" || groupStateOf(group) === state);
  const shown = ofState.filter((group) => groupMatches(group, filter));
  const area = useRef<HTMLOListElement>(null);
  const cursor = useRowCursor(area, shown.length);
  const withPresent = (use: (group: LetterGroup) => void) => () => {
    const group = shown[cursor.present()];
    if (group !== undefined) use(group);
  };
  const order = (what: GroupOrder["what"]) => withPresent((group) => setOrdering({ what, group }));
  const replay = (canary?: number) =>
    withPresent((group) => {
      const href = groupReplayHref(group, canary);
      if (href !== undefined) navigate(href);
    });
  useHotkeys("Failures", [
    { keys: "j", about: "next kind of failure", run: () => cursor.move(1) },
    { keys: "k", about: "the one before", run: () => cursor.move(-1) },
    { keys: "Enter", about: "its messages" },
    { keys: "r", about: "replay all of it (asks first)", run: replay() },
    { keys: "1", about: "replay 1 first (asks first)", run: replay(1) },
    { keys: "i", about: "ignore it until it comes back, or no more", run: order("ignore") },
    { keys: "n", about: "note and owner", run: order("note") },
    { keys: "d", about: "discard what is open of it (asks first)", run: order("discard") },
    { keys: "/", about: "filter", run: () => document.getElementById("failures-filter")?.focus() },
  ]);
  return (
    <>
      <PageHead
        title="Failures"
        about="Dead letters that failed alike, as one: the same class of error, stage and message, whatever ids and numbers are in it."
      />
      <Tabs
        label="State"
        chosen={state}
        onChoose={(name) => setAsked(name === "open" ? "" : name)}
        tabs={[
          ...groupStates.map((name) => ({ name, title: words[name], count: counts[name] })),
          { name: "all" as const, title: "All", count: all.length },
        ]}
        known={groups.data !== undefined}
      />
      <FilterField
        id="failures-filter"
        label="Filter by message, class, reason, owner or note"
        value={filter}
        onChange={setFilter}
      />
      <p className="list-line" role="status">
        <span>
          {groups.data === undefined
            ? unread(groups.isError)
            : `${counted(shown.length, "kind")} of failures, ${counted(sumOf(shown), "message")}`}
        </span>
        <Age readAtMs={groups.dataUpdatedAt} />
      </p>
      {groups.isPending && (
        <div className="groups-loading">
          <Loading rows={4} what="the failures" />
        </div>
      )}
      {groups.isError && (
        <TroubleNotice
          title={
            groups.data === undefined
              ? "The failures could not be read"
              : "The failures could not be read again"
          }
          trouble={troubleOfQuestion(groups.error)}
          onAgain={() => void groups.refetch()}
        />
      )}
      {groups.data !== undefined && shown.length === 0 && (
        <NothingShown
          all={all.length}
          ofState={ofState.length}
          state={state}
          onClear={() => (ofState.length > 0 ? setFilter("") : setAsked("all"))}
        />
      )}
      {shown.length > 0 && (
        <ol className="groups" ref={area} aria-label="Kinds of failures">
          {shown.map((group, index) => (
            <GroupRow
              key={group.fingerprint}
              group={group}
              index={index}
              onOrder={(what) => setOrdering({ what, group })}
            />
          ))}
        </ol>
      )}
      {ordering !== undefined && <GroupOrders ordering={ordering} onClose={() => setOrdering(undefined)} />}
    </>
  );
}

function sumOf(groups: readonly LetterGroup[]): number {
  return groups.reduce((sum, { total }) => sum + total, 0);
}

interface NothingShownProps {
  readonly all: number;
  readonly ofState: number;
  readonly state: GroupState | "all";
  readonly onClear: () => void;
}

function NothingShown({ all, ofState, state, onClear }: NothingShownProps) {
  if (all === 0) {
    return (
      <Notice kind="calm" icon="up" title="Nothing failed">
        <p>There is no dead letter. When events fail for good, those that failed alike are one line here.</p>
      </Notice>
    );
  }
  if (ofState === 0) {
    return (
      <Notice
        kind={state === "open" ? "calm" : "plain"}
        icon={state === "open" ? "up" : "search"}
        title={state === "open" ? "Nothing is open" : `Nothing is ${state}`}
      >
        <p>
          {counted(all, "kind")} of failures {all === 1 ? "is" : "are"} in another state.{" "}
          <button type="button" className="quiet" onClick={onClear}>
            Show all
          </button>
        </p>
      </Notice>
    );
  }
  return (
    <Notice kind="plain" icon="search" title="Nothing matches this filter">
      <p>
        {countText(ofState)} without it.{" "}
        <button type="button" className="quiet" onClick={onClear}>
          Clear the filter
        </button>
      </p>
    </Notice>
  );
}
