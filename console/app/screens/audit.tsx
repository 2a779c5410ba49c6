// Who ordered what, why, and how it ended: newest first, and to take away.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import type { AuditEntry } from "../../../contract/audit.ts";
import { csvLine } from "../../model/delimited-text.ts";
import { counted } from "../../model/time-text.ts";
import { download, fileStamp } from "../data/download.ts";
import { orderClient } from "../data/order-client.ts";
import { troubleOfQuestion, type Trouble } from "../data/trouble.ts";
import { useHotkeys } from "../frame/hotkeys.ts";
import { useParameter } from "../frame/router.tsx";
import { Badge } from "../parts/badge.tsx";
import { FilterField } from "../parts/filter-field.tsx";
import { Icon } from "../parts/icon.tsx";
import { Loading, Notice, TroubleNotice, unread } from "../parts/notice.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { useRowCursor } from "../parts/row-cursor.ts";
import { SettingsPanel } from "./settings-panel.tsx";
import { Long, Short, Visible } from "../parts/text.tsx";
import { Age, Instant } from "../parts/time.tsx";

const pageLength = 100;
const exportPage = 200;

export function Audit() {
  const [filter, setFilter] = useParameter("q");
  const audit = useInfiniteQuery({
    queryKey: ["audit"],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => readPage(pageParam, pageLength, signal),
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: 5000,
  });
  const entries = useMemo(() => audit.data?.pages.flatMap((page) => page.entries) ?? [], [audit.data]);
  const words = filter.toLowerCase();
  const shown = entries.filter((entry) => JSON.stringify(entry).toLowerCase().includes(words));
  const area = useRef<HTMLTableElement>(null);
  const cursor = useRowCursor(area, shown.length);
  useHotkeys("Audit", [
    { keys: "j", about: "next row", run: () => cursor.move(1) },
    { keys: "k", about: "row before", run: () => cursor.move(-1) },
    { keys: "/", about: "filter", run: () => document.getElementById("audit-filter")?.focus() },
  ]);
  return (
    <>
      <PageHead title="Audit" about="Orders that operators gave, on every instance, newest first.">
        <ExportButtons disabled={entries.length === 0} />
      </PageHead>
      <FilterField
        id="audit-filter"
        label="Filter the entries that are read"
        value={filter}
        onChange={setFilter}
      />
      <p className="list-line" role="status">
        <span>
          {audit.data === undefined ? unread(audit.isError) : counted(shown.length, "entry", "entries")}
          {audit.hasNextPage ? ", older ones below" : ""}
        </span>
        <Age readAtMs={audit.dataUpdatedAt} />
      </p>
      {audit.isPending && <Loading rows={6} what="the audit" />}
      {audit.isError && (
        <TroubleNotice
          title={
            audit.data === undefined ? "The audit could not be read" : "The audit could not be read again"
          }
          trouble={troubleOfQuestion(audit.error)}
          onAgain={() => void audit.refetch()}
        />
      )}
      {audit.data !== undefined && entries.length === 0 && (
        <Notice kind="plain" icon="audit" title="No order was given yet">
          <p>Skipped records, and whatever else operators order with a reason, stay here for good.</p>
        </Notice>
      )}
      {entries.length > 0 && shown.length === 0 && (
        <Notice kind="plain" icon="search" title="Nothing matches this filter">
          <p>
            {counted(entries.length, "entry", "entries")} read
            {audit.hasNextPage ? ", older ones are not yet" : ""}.{" "}
            <button type="button" className="quiet" onClick={() => setFilter("")}>
              Show all
            </button>
          </p>
        </Notice>
      )}
      {shown.length > 0 && (
        <div className="table-scroll">
          <table className="table rows audit" ref={area}>
            <thead>
              <tr>
                {["When", "Action", "What", "Why", "Result", "Who"].map((title) => (
                  <th key={title} scope="col">
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((entry, index) => (
                <EntryRow key={entry.id} entry={entry} index={index} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {audit.hasNextPage && (
        <button type="button" disabled={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>
          {audit.isFetchingNextPage ? "Reading…" : "Read older ones"}
        </button>
      )}
      <SettingsPanel />
    </>
  );
}

function EntryRow({ entry, index }: { readonly entry: AuditEntry; readonly index: number }) {
  return (
    <tr data-row={index} className="top">
      <td data-name="When">
        <span data-open tabIndex={-1}>
          <Instant iso={entry.at} />
        </span>
      </td>
      <td className="mono" data-name="Action">
        <Short text={entry.action} length={60} />
      </td>
      <td data-name="What">
        <ul className="pairs">
          {Object.entries(entry.target).map(([name, value]) => (
            <li key={name}>
              <Visible text={name} /> <Long text={String(value)} length={120} />
            </li>
          ))}
        </ul>
      </td>
      <td data-name="Why">
        <Long text={entry.reason} length={300} />
      </td>
      <td data-name="Result">
        {entry.result === null ? (
          <Badge mood="warn" word="not ended" title="Being carried out, or the process ended meanwhile" />
        ) : (
          <Long text={entry.result} length={300} />
        )}
      </td>
      <td className="mono" data-name="Who">
        <Short text={entry.actor} length={40} />
      </td>
    </tr>
  );
}

function readPage(cursor: string, limit: number, signal?: AbortSignal) {
  const options = signal === undefined ? {} : { signal };
  return orderClient.audit.list.query({ limit, ...(cursor === "" ? {} : { cursor }) }, options);
}

function ExportButtons({ disabled }: { readonly disabled: boolean }) {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble>();
  const run = async (format: "json" | "csv") => {
    setBusy(true);
    setTrouble(undefined);
    try {
      download(fileOf(await readAll(), format), `${fileStamp("audit")}.${format}`);
    } catch (error) {
      setTrouble(troubleOfQuestion(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {trouble !== undefined && <TroubleNotice title="Nothing was exported" trouble={trouble} />}
      {(["json", "csv"] as const).map((format) => (
        <button
          key={format}
          type="button"
          disabled={disabled || busy}
          aria-label={`Export the whole audit as ${format.toUpperCase()}`}
          onClick={() => void run(format)}
        >
          <Icon name="download" /> {format.toUpperCase()}
        </button>
      ))}
    </>
  );
}

async function readAll(): Promise<readonly AuditEntry[]> {
  const entries: AuditEntry[] = [];
  let cursor: string | undefined = "";
  while (cursor !== undefined) {
    const page: { entries: AuditEntry[]; nextCursor?: string | undefined } = await readPage(
      cursor,
      exportPage,
    );
    entries.push(...page.entries);
    cursor = page.nextCursor;
  }
  return entries;
}

function fileOf(entries: readonly AuditEntry[], format: "json" | "csv"): Blob {
  if (format === "json") return new Blob([JSON.stringify(entries, null, 2)], { type: "application/json" });
  const lines = entries.map((entry) =>
    csvLine([
      entry.id,
      entry.at,
      entry.action,
      entry.actor,
      JSON.stringify(entry.target),
      entry.reason,
      entry.result,
      entry.endedAt,
    ]),
  );
  const head = csvLine(["id", "at", "action", "actor", "target", "reason", "result", "endedAt"]);
  return new Blob(["\ufeff", head, ...lines], { type: "text/csv;charset=utf-8" });
}
