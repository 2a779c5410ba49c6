// j and k through rows that may not be on the page yet: the row is scrolled to, and its link focused as soon as it exists.
// Focus is what marks the present row, so Enter, a screen reader and the eye agree on it.
import { useCallback, useRef, type RefObject } from "react";

export interface RowCursor {
  readonly move: (step: number) => void;
  readonly goTo: (index: number) => void;
  /** −1 before the first move. */
  readonly present: () => number;
}

const framesToWait = 20;

/** Rows carry `data-row={index}`, and in them the link that opens them `data-open`. */
export function useRowCursor(
  area: RefObject<HTMLElement | null>,
  count: number,
  scrollTo?: (index: number) => void,
): RowCursor {
  const at = useRef(-1);

  const goTo = useCallback(
    (index: number) => {
      if (count === 0) return;
      at.current = Math.max(0, Math.min(count - 1, index));
      scrollTo?.(at.current);
      focusRow(area.current, at.current, framesToWait);
    },
    [area, count, scrollTo],
  );
  const present = useCallback(() => {
    const row = document.activeElement?.closest("[data-row]");
    if (row instanceof HTMLElement && area.current?.contains(row)) at.current = Number(row.dataset["row"]);
    return at.current;
  }, [area]);
  const move = useCallback((step: number) => goTo(present() + step), [goTo, present]);
  return { move, goTo, present };
}

function focusRow(area: HTMLElement | null, index: number, framesLeft: number): void {
  const opener = area?.querySelector(`[data-row="${index}"] [data-open]`);
  if (opener instanceof HTMLElement) {
    opener.focus({ preventScroll: opener.closest("[data-virtual]") !== null });
    return;
  }
  if (framesLeft > 0) requestAnimationFrame(() => focusRow(area, index, framesLeft - 1));
}
