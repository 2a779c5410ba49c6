// The records of a topic as they are written: the newest first, held while somebody reads, narrowed down to what they look for.
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { TailedRecord } from "../../../contract/topics.ts";
import { counted, countText } from "../../model/time-text.ts";
import { orderClient } from "../data/order-client.ts";
import { useTail } from "../data/tail.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { useHotkeys } from "../frame/hotkeys.ts";
import { useParameter } from "../frame/router.tsx";
import { Badge } from "../parts/badge.tsx";
import { FilterField } from "../parts/filter-field.tsx";
import { Notice, TroubleNotice } from "../parts/notice.tsx";
import { Short } from "../parts/text.tsx";
import { TailRow } from "./tail-row.tsx";

export function TopicTail() {
  const [asked, setAsked] = useParameter("topic");
  const [filter, setFilter] = useParameter("find");
  const [paused, setPaused] = useState(false);
  const topics = useQuery({
    queryKey: ["topics"],
    queryFn: ({ signal }) => orderClient.topics.list.query(undefined, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const known = topics.data?.topics ?? [];
  const chosen = known.find(({ topic }) => topic === asked) ?? known[0];
  const tail = useTail(chosen?.topic, paused);
  const shown = useMemo(
    () => tail.records.filter((record) => matches(record, filter.trim().toLowerCase())),
    [tail.records, filter],
  );
  useHotkeys("Records", [
    { keys: "p", about: paused ? "go on" : "pause", run: () => setPaused(!paused) },
    { keys: "c", about: "clear", run: tail.clear },
    { keys: "/", about: "find", run: () => document.getElementById("tail-filter")?.focus() },
  ]);
  return (
    <>
      <div className="tail-line">
        <label className="tail-topic">
          <span className="unseen">Topic</span>
          <select
            value={chosen?.topic ?? ""}
            onChange={(event) => {
              setPaused(false);
              setAsked(event.target.value, { replace: true });
            }}
          >
            {known.map(({ topic }) => (
              <option key={topic} value={topic}>
                {topic}
              </option>
            ))}
          </select>
        </label>
        <button type="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? "Go on" : "Pause"} <kbd>p</kbd>
        </button>
        <button type="button" onClick={tail.clear}>
          Clear <kbd>c</kbd>
        </button>
        <div className="tail-find">
          <FilterField
            id="tail-filter"
            label="Only with this in key, headers or value"
            value={filter}
            onChange={setFilter}
          />
        </div>
      </div>
      <p className="list-line" role="status">
        <span>
          <TailState state={tail.state} paused={paused} held={tail.held} /> {counted(shown.length, "record")}{" "}
          shown
          {shown.length < tail.records.length ? ` of ${countText(tail.records.length)}` : ""}
          {chosen === undefined ? "" : `; ${chosen.about}`}
        </span>
        <span className={tail.passedOver > 0 || !tail.isSure ? "passed-over" : "age"}>
          {tail.passedOver === 0 && tail.isSure
            ? "none passed over"
            : `${countText(tail.passedOver)} passed over${tail.isSure ? "" : ", and some that nobody counted"}`}
        </span>
      </p>
      {topics.isError && (
        <TroubleNotice
          title="The topics could not be read"
          trouble={troubleOfQuestion(topics.error)}
          onAgain={() => void topics.refetch()}
        />
      )}
      {tail.trouble !== undefined && (
        <TroubleNotice title="The topic cannot be followed now" trouble={tail.trouble} />
      )}
      {tail.state === "live" && tail.records.length === 0 && (
        <Notice kind="calm" icon="clock" title="Nothing has been written here yet">
          <p>
            Records of <Short text={chosen?.topic ?? ""} length={80} /> appear as they come.
          </p>
        </Notice>
      )}
      {tail.records.length > 0 && shown.length === 0 && (
        <Notice kind="plain" icon="search" title="Nothing matches this filter">
          <p>
            <button type="button" className="quiet" onClick={() => setFilter("")}>
              Show all
            </button>
          </p>
        </Notice>
      )}
      {shown.length > 0 && (
        <ol className="tail" aria-label="Records, the newest first">
          {shown.map((record) => (
            <TailRow key={`${record.partition}/${record.offset}`} record={record} />
          ))}
        </ol>
      )}
    </>
  );
}

function TailState({
  state,
  paused,
  held,
}: {
  readonly state: string;
  readonly paused: boolean;
  readonly held: number;
}) {
  if (paused)
    return <Badge mood="warn" word={held === 0 ? "paused" : `paused, ${countText(held)} more came`} />;
  if (state === "live") return <Badge mood="ok" word="following" />;
  return <Badge mood="none" word={state === "trouble" ? "not connected" : "connecting"} />;
}

function matches({ key, headers, value }: TailedRecord, wanted: string): boolean {
  if (wanted === "") return true;
  const body = "text" in value ? value.text : "";
  const json = "json" in value ? value.json : "";
  return [key ?? "", body, json, ...headers.flatMap(({ name, value: own }) => [name, own ?? ""])].some(
    (text) => text.toLowerCase().includes(wanted),
  );
}
