// A table of any length: only what is on screen is in the page, the rest is read as one comes near to it.
import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useRef, useSyncExternalStore } from "react";
import type { LetterRow } from "../data/letter-pages.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { useHotkeys } from "../frame/hotkeys.ts";
import { TroubleNotice } from "../parts/notice.tsx";
import { useRowCursor } from "../parts/row-cursor.ts";
import { rememberList, takeOpened } from "./letter-list-memory.ts";
import { LetterTableRow } from "./letter-row.tsx";
import type { Selection } from "./selection.ts";

interface LetterTableProps {
  readonly rows: readonly LetterRow[];
  readonly pages: Pick<
    UseInfiniteQueryResult,
    "hasNextPage" | "isFetching" | "isFetchNextPageError" | "fetchNextPage" | "error"
  >;
  readonly selection: Selection;
  readonly asOfMs: number;
}

const rowHeight = { wide: 38, narrow: 74 } as const;
/** The next page is asked for when so many rows are left below. */
const rowsAhead = 150;

export function LetterTable({ rows, pages, selection, asOfMs }: LetterTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const narrow = useNarrow();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (narrow ? rowHeight.narrow : rowHeight.wide),
    overscan: 12,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  useEffect(() => virtual.measure(), [narrow, virtual]);

  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = pages;
  useEffect(() => {
    if (hasNextPage && !isFetching && !isFetchNextPageError && last + rowsAhead >= rows.length)
      void fetchNextPage();
  }, [last, rows.length, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage]);

  const scrollTo = useCallback((index: number) => virtual.scrollToIndex(index), [virtual]);
  const cursor = useRowCursor(scroller, rows.length, scrollTo);
  useHotkeys("Rows", [
    { keys: "j", about: "next row", run: () => cursor.move(1) },
    { keys: "k", about: "row before", run: () => cursor.move(-1) },
    { keys: "x", about: "choose this row, or not", run: () => selection.toggle(cursor.present()) },
    {
      keys: "X",
      about: "choose from the last one to this row",
      run: () => selection.toggle(cursor.present(), true),
    },
    { keys: "Home", about: "first row", run: () => cursor.goTo(0) },
    { keys: "End", about: "last row that is read", run: () => cursor.goTo(rows.length - 1) },
    { keys: "Enter", about: "open this row" },
  ]);
  useEffect(() => {
    rememberList({ href: location.pathname + location.search, ids: rows.map(({ id }) => id), asOfMs });
  }, [rows, asOfMs]);
  // Back from a message: to its row, and the focus with it.
  useEffect(() => {
    const opened = takeOpened();
    const index = opened === undefined ? -1 : rows.findIndex(({ id }) => id === opened);
    if (index >= 0) cursor.goTo(index);
    // Once, when the list comes back.
    // oxlint-disable-next-line react/exhaustive-deps
  }, []);

  return (
    <div
      className="letter-table"
      role="table"
      aria-label="Dead letters"
      aria-rowcount={hasNextPage ? -1 : rows.length + 1}
    >
      <div className="letter-head" role="row">
        <span role="columnheader">
          <input
            type="checkbox"
            aria-label="Choose every row that is read"
            checked={selection.everyRow}
            onChange={selection.toggleEveryRow}
          />
        </span>
        {["Failed last", "Order", "Error", "State", "Attempts", "Record", "Size"].map((title) => (
          <span
            key={title}
            role="columnheader"
            className={title === "Attempts" || title === "Size" ? "number" : undefined}
          >
            {title}
          </span>
        ))}
      </div>
      {/* Scrolled with the keys as well, by whoever does not use j and k. */}
      <div ref={scroller} className="letter-scroll" tabIndex={0} role="rowgroup" aria-label="Rows">
        <div className="letter-space" data-virtual style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start, key, size }) => {
            const row = rows[index];
            return row === undefined ? null : (
              <LetterTableRow
                key={key}
                row={row}
                index={index}
                start={start}
                height={size}
                chosen={selection.has(row.id)}
                onToggle={selection.toggle}
              />
            );
          })}
        </div>
        {hasNextPage && !isFetchNextPageError && <p className="letter-more">Reading more…</p>}
        {isFetchNextPageError && (
          <TroubleNotice
            title="The rows below could not be read"
            trouble={troubleOfQuestion(pages.error)}
            onAgain={() => void fetchNextPage()}
          />
        )}
      </div>
    </div>
  );
}

const narrowScreen = window.matchMedia("(max-width: 760px)");

function useNarrow(): boolean {
  return useSyncExternalStore(
    (listener) => {
      narrowScreen.addEventListener("change", listener);
      return () => narrowScreen.removeEventListener("change", listener);
    },
    () => narrowScreen.matches,
  );
}
