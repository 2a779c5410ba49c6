// Which rows are chosen: some by hand, or all that match, read or not. Their number is the server's count.
import { useCallback, useMemo, useRef, useState } from "react";
import type { LetterRow } from "../data/letter-pages.ts";

export interface Selection {
  /** Chosen by hand; empty while all are. */
  readonly ids: ReadonlySet<string>;
  /** All that match, also those that are not read. */
  readonly all: boolean;
  readonly has: (id: string) => boolean;
  /** Every row that is read is chosen. */
  readonly everyRow: boolean;
  /** Everything that matches is read. */
  readonly complete: boolean;
  readonly rowCount: number;
  /** `through`: everything between the last one that was toggled and this one. */
  readonly toggle: (index: number, through?: boolean) => void;
  readonly toggleEveryRow: () => void;
  readonly chooseAllThatMatch: () => void;
  readonly clear: () => void;
}

/** `listKey` changes with the list: another list begins with nothing chosen. */
export function useSelection(rows: readonly LetterRow[], complete: boolean, listKey: string): Selection {
  const [chosen, setChosen] = useState<Chosen>({ list: listKey, ids: none, all: false });
  const lastToggled = useRef(0);
  const { ids, all } = chosen.list === listKey ? chosen : { ids: none, all: false };
  const choose = useCallback(
    (ids: ReadonlySet<string>) => setChosen({ list: listKey, ids, all: false }),
    [listKey],
  );

  const toggle = useCallback(
    (index: number, through = false) => {
      const row = rows[index];
      if (row === undefined) return;
      // All but one can be said only of those that are read.
      const before = all ? new Set(complete ? rows.map(({ id }) => id) : []) : ids;
      const next = new Set(before);
      const on = !before.has(row.id);
      const from = through ? lastToggled.current : index;
      for (const { id } of rows.slice(Math.min(from, index), Math.max(from, index) + 1)) {
        if (on) next.add(id);
        else next.delete(id);
      }
      lastToggled.current = index;
      choose(next);
    },
    [rows, ids, all, complete, choose],
  );
  const everyRow = rows.length > 0 && (all || ids.size >= rows.length);
  return useMemo(
    () => ({
      ids,
      all,
      has: (id) => all || ids.has(id),
      everyRow,
      complete,
      rowCount: rows.length,
      toggle,
      toggleEveryRow: () => choose(everyRow ? none : new Set(rows.map(({ id }) => id))),
      chooseAllThatMatch: () => setChosen({ list: listKey, ids: none, all: true }),
      clear: () => choose(none),
    }),
    [ids, all, everyRow, complete, rows, toggle, choose, listKey],
  );
}

interface Chosen {
  readonly list: string;
  readonly ids: ReadonlySet<string>;
  readonly all: boolean;
}

const none: ReadonlySet<string> = new Set();
