// Dead letters, one by one: search, look, choose, take away.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { readSearch } from "../../model/search-syntax.ts";
import { counted, countText } from "../../model/time-text.ts";
import { useDeadLetterStats } from "../data/live.ts";
import { useLetterPages } from "../data/letter-pages.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { useHotkeys } from "../frame/hotkeys.ts";
import { useParameter } from "../frame/router.tsx";
import { Icon } from "../parts/icon.tsx";
import { Loading, Notice, TroubleNotice, unread } from "../parts/notice.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Age } from "../parts/time.tsx";
import { rememberedList } from "./letter-list-memory.ts";
import { LetterTable } from "./letter-table.tsx";
import { MessageSearch } from "./message-search.tsx";
import { SelectionBar } from "./selection-bar.tsx";
import { useSelection } from "./selection.ts";

export function Messages() {
  const [typed, setTyped] = useParameter("q");
  const [asOfMs, setAsOfMs] = useState(() => listAsOf() ?? Date.now());
  const { search, problems } = useMemo(() => readSearch(typed, asOfMs), [typed, asOfMs]);
  const pages = useLetterPages(search, asOfMs, problems.length === 0);
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data]);
  const selection = useSelection(rows, !pages.hasNextPage, JSON.stringify([search, asOfMs]));
  const readAgain = () => setAsOfMs(Date.now());
  useHotkeys("Messages", [
    { keys: "R", about: "read the list again", run: readAgain },
    { keys: "/", about: "search", run: () => document.getElementById("message-search")?.focus() },
  ]);
  const filtered = Object.keys(search).length > 0;
  return (
    <>
      <PageHead title="Messages" about="Events that failed for good, in the order of the dead-letter topic.">
        <NewSince asOfMs={asOfMs} />
        <button type="button" onClick={readAgain}>
          <Icon name="again" /> Read again
        </button>
      </PageHead>
      <MessageSearch typed={typed} onSearch={setTyped} problems={problems} />
      <div className="list-tools">
        <p className="list-line" role="status">
          <ListCount
            known={rows.length}
            filtered={filtered}
            complete={!pages.hasNextPage}
            pending={pages.isPending}
            failed={pages.isError && pages.data === undefined}
          />
          <Age readAtMs={pages.data === undefined ? 0 : asOfMs} />
        </p>
        <SelectionBar
          selection={selection}
          search={search}
          typed={typed}
          asOfMs={asOfMs}
          pageParams={pages.data?.pageParams ?? []}
          pages={pages.data?.pages ?? []}
        />
      </div>
      <div className={pages.isPlaceholderData ? "list fading" : "list"}>
        {pages.isPending && problems.length === 0 && <Loading rows={12} what="the dead letters" />}
        {problems.length > 0 && <Notice kind="plain" icon="search" title="Mend the search to see messages" />}
        {pages.isError && pages.data === undefined && (
          <TroubleNotice
            title="The dead letters could not be read"
            trouble={troubleOfQuestion(pages.error)}
            onAgain={() => void pages.refetch()}
          />
        )}
        {pages.data !== undefined && problems.length === 0 && rows.length === 0 && !pages.hasNextPage && (
          <NothingThere filtered={filtered} onClear={() => setTyped("")} />
        )}
        {rows.length > 0 && problems.length === 0 && (
          <LetterTable rows={rows} pages={pages} selection={selection} asOfMs={asOfMs} />
        )}
      </div>
    </>
  );
}

/** The list that a message was opened from is shown again as it was. */
function listAsOf(): number | undefined {
  const list = rememberedList();
  return list?.href === location.pathname + location.search ? list.asOfMs : undefined;
}

interface ListCountProps {
  readonly known: number;
  readonly filtered: boolean;
  readonly complete: boolean;
  readonly pending: boolean;
  readonly failed: boolean;
}

function ListCount({ known, filtered, complete, pending, failed }: ListCountProps) {
  const all = useDeadLetterStats();
  if (pending || failed) return <span>{unread(failed)}</span>;
  if (complete)
    return <span>{filtered ? `${counted(known, "message")} match` : counted(known, "message")}</span>;
  const total = !filtered && all.data !== undefined ? ` of ${countText(all.data.total)}` : ", more below";
  return (
    <span>
      {countText(known)} read{total}
    </span>
  );
}

/** A list does not move under the eyes of who reads it: what came since is told, and read on demand. */
function NewSince({ asOfMs }: { readonly asOfMs: number }) {
  const all = useDeadLetterStats();
  const queries = useQueryClient();
  const [then, setThen] = useState<{ asOfMs: number; total: number }>();
  useEffect(() => {
    setThen(undefined);
    void queries.refetchQueries({ queryKey: ["dead-letter-stats"] });
  }, [asOfMs, queries]);
  useEffect(() => {
    if (then === undefined && all.data !== undefined && all.dataUpdatedAt >= asOfMs) {
      setThen({ asOfMs, total: all.data.total });
    }
  }, [all.data, all.dataUpdatedAt, asOfMs, then]);
  const more = then === undefined || all.data === undefined ? 0 : all.data.total - then.total;
  return <span role="status">{more > 0 ? `${counted(more, "message")} came since` : ""}</span>;
}

function NothingThere({ filtered, onClear }: { readonly filtered: boolean; readonly onClear: () => void }) {
  const all = useDeadLetterStats();
  if (!filtered) {
    return (
      <Notice kind="calm" icon="up" title="Nothing failed">
        <p>
          There is no dead letter. When an event fails for good it is listed here, with its bytes and every
          attempt.
        </p>
      </Notice>
    );
  }
  return (
    <Notice kind="plain" icon="search" title="Nothing matches this search">
      <p>
        {all.data === undefined
          ? "Other messages may be there."
          : `${counted(all.data.total, "dead letter")} in all.`}{" "}
        <button type="button" className="quiet" onClick={onClear}>
          Show all
        </button>
      </p>
    </Notice>
  );
}
