import { memo } from "react";
import { pathOf } from "../../model/screens.ts";
import { sizeText } from "../../model/time-text.ts";
import { visibleText } from "../../model/visible-characters.ts";
import type { LetterRow } from "../data/letter-pages.ts";
import { Link } from "../frame/router.tsx";
import { LetterStateBadge } from "../parts/state-badge.tsx";
import { Short } from "../parts/text.tsx";
import { Instant } from "../parts/time.tsx";

interface LetterTableRowProps {
  readonly row: LetterRow;
  readonly index: number;
  /** In pixels from the top of the table. */
  readonly start: number;
  readonly height: number;
  readonly chosen: boolean;
  readonly onToggle: (index: number, through: boolean) => void;
}

export const LetterTableRow = memo(function LetterTableRow({
  row,
  index,
  start,
  height,
  chosen,
  onToggle,
}: LetterTableRowProps) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-row={index}
      className={chosen ? "letter-row chosen" : "letter-row"}
      style={{ transform: `translateY(${start}px)`, height }}
    >
      <span role="cell" className="letter-check">
        <input
          type="checkbox"
          checked={chosen}
          aria-label={`Choose ${row.id}`}
          onClick={(event) => onToggle(index, event.shiftKey)}
          onChange={() => undefined}
        />
      </span>
      <span role="cell" className="letter-time">
        <Instant iso={row.lastFailureAt} />
      </span>
      <span role="cell" className="letter-order">
        <Link
          href={pathOf({ screen: "message", id: row.id })}
          data-open
          title={row.orderId === null ? "No key" : visibleText(row.orderId)}
        >
          {row.orderId === null || row.orderId === "" ? (
            <span className="absent">no key</span>
          ) : (
            <Short text={row.orderId} length={100} />
          )}
        </Link>
      </span>
      <span role="cell" className="letter-error">
        <span className="letter-reason">
          <Short text={row.reason} length={40} />
        </span>{" "}
        <Short text={row.errorMessage} length={200} />
      </span>
      <span role="cell" className="letter-state">
        <LetterStateBadge state={row.state} />
      </span>
      <span role="cell" className="letter-attempts number">
        {row.attempts}
      </span>
      <span role="cell" className="letter-place">
        {row.topic}
        <wbr />/{row.partition}:{row.offset}
      </span>
      <span role="cell" className="letter-size number">
        {row.sizeBytes === null ? "none" : sizeText(row.sizeBytes)}
      </span>
    </div>
  );
});
