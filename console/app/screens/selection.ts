// Which rows are chosen. "All that match" reads every page first, so its number is a count and never an estimate.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { LetterRow } from "../data/letter-pages.ts";

interface Pages {
  readonly hasNextPage: boolean;
  readonly isFetching: boolean;
  readonly isFetchNextPageError: boolean;
  readonly fetchNextPage: () => Promise<unknown>;
}

export interface Selection {
  readonly ids: ReadonlySet<string>;
  /** Every row that is read is chosen. */
  readonly everyRow: boolean;
  /** Rows read so far while all that match are looked for. */
  readonly gathering: number | undefined;
  /** Everything that matches is read. */
  readonly complete: boolean;
  readonly rowCount: number;
  /** `through`: everything between the last one that was toggled and this one. */
  readonly toggle: (index: number, through?: boolean) => void;
  readonly toggleEveryRow: () => void;
  readonly chooseAllThatMatch: () => void;
  readonly stopGathering: () => void;
  readonly clear: () => void;
}

/** `listKey` changes with the list: another list begins with nothing chosen. */
export function useSelection(rows: readonly LetterRow[], pages: Pages, listKey: string): Selection {
  const [chosen, setChosen] = useState<{ readonly list: string; readonly ids: ReadonlySet<string> }>();
  const [gatheringFor, setGatheringFor] = useState<string>();
  const lastToggled = useRef(0);
  const ids = chosen?.list === listKey ? chosen.ids : none;
  const gathering = gatheringFor === listKey;
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = pages;
  const choose = useCallback((ids: ReadonlySet<string>) => setChosen({ list: listKey, ids }), [listKey]);

  useEffect(() => {
    if (!gathering || isFetching) return;
    if (isFetchNextPageError) setGatheringFor(undefined);
    else if (hasNextPage) void fetchNextPage();
    else {
      choose(new Set(rows.map(({ id }) => id)));
      setGatheringFor(undefined);
    }
  }, [gathering, isFetching, isFetchNextPageError, hasNextPage, fetchNextPage, rows, choose]);

  const toggle = useCallback(
    (index: number, through = false) => {
      const row = rows[index];
      if (row === undefined) return;
      const next = new Set(ids);
      const on = !ids.has(row.id);
      const from = through ? lastToggled.current : index;
      for (const { id } of rows.slice(Math.min(from, index), Math.max(from, index) + 1)) {
        if (on) next.add(id);
        else next.delete(id);
      }
      lastToggled.current = index;
      choose(next);
    },
    [rows, ids, choose],
  );
  const everyRow = rows.length > 0 && ids.size >= rows.length;
  return useMemo(
    () => ({
      ids,
      everyRow,
      gathering: gathering ? rows.length : undefined,
      complete: !hasNextPage,
      rowCount: rows.length,
      toggle,
      toggleEveryRow: () => choose(everyRow ? none : new Set(rows.map(({ id }) => id))),
      chooseAllThatMatch: () => setGatheringFor(listKey),
      stopGathering: () => setGatheringFor(undefined),
      clear: () => choose(none),
    }),
    [ids, everyRow, gathering, hasNextPage, rows, toggle, choose, listKey],
  );
}

const none: ReadonlySet<string> = new Set();
