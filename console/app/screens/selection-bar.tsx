// What is chosen, how many that is, and what can be done with it. Always there, so that choosing moves nothing.
import { useRef, useState } from "react";
import type { LetterSearch } from "../../model/search-syntax.ts";
import { counted, countText } from "../../model/time-text.ts";
import { download, fileStamp } from "../data/download.ts";
import { exportLetters, type ExportFormat } from "../data/export-letters.ts";
import { useLetterCount, type LetterPage } from "../data/letter-pages.ts";
import { troubleOfQuestion, type Trouble } from "../data/trouble.ts";
import { Icon } from "../parts/icon.tsx";
import { TroubleNotice } from "../parts/notice.tsx";
import { ChosenOrders } from "./chosen-orders.tsx";
import { filterAsOf } from "./frozen-scope.ts";
import type { Selection } from "./selection.ts";

interface SelectionBarProps {
  readonly selection: Selection;
  readonly search: LetterSearch;
  /** As it stands in the address. */
  readonly typed: string;
  readonly asOfMs: number;
  readonly pages: readonly LetterPage[];
  /** Of `pages`, in their order. */
  readonly pageParams: readonly unknown[];
}

type Exporting =
  | { readonly state: "running"; readonly count: number }
  | { readonly state: "failed"; readonly trouble: Trouble; readonly format: ExportFormat };

export function SelectionBar({ selection, search, typed, asOfMs, pages, pageParams }: SelectionBarProps) {
  const [exporting, setExporting] = useState<Exporting>();
  const running = useRef<AbortController>(undefined);
  const { ids, all, complete, rowCount } = selection;
  const frozen = filterAsOf(search, asOfMs);
  const count = useLetterCount(frozen, asOfMs, all);

  async function run(format: ExportFormat): Promise<void> {
    const stop = new AbortController();
    running.current = stop;
    setExporting({ state: "running", count: 0 });
    try {
      const { blob } = await exportLetters({
        search,
        format,
        ...(ids.size === 0 ? {} : { chosen: { ids, cursors: cursorsOf(ids, pages, pageParams) } }),
        onProgress: (count) => setExporting({ state: "running", count }),
        signal: stop.signal,
      });
      download(blob, `${fileStamp("dead-letters")}.${format}`);
      setExporting(undefined);
    } catch (error) {
      setExporting(
        stop.signal.aborted ? undefined : { state: "failed", trouble: troubleOfQuestion(error), format },
      );
    }
  }

  const what = ids.size === 0 ? "all that match" : counted(ids.size, "message");
  const isAll = all || (complete && ids.size === rowCount && rowCount > 0);
  return (
    <div className="selection-bar">
      <p role="status">
        {ids.size === 0 && !all && "None chosen"}
        {all && <AllChosen count={count} onAgain={() => void count.refetch()} />}
        {ids.size > 0 && (
          <strong>{isAll ? `All ${countText(ids.size)} that match` : countText(ids.size)} chosen</strong>
        )}
      </p>
      <button type="button" disabled={rowCount === 0 || isAll} onClick={selection.chooseAllThatMatch}>
        Select all matching
      </button>
      <button type="button" disabled={ids.size === 0 && !all} onClick={selection.clear}>
        Clear
      </button>
      <ChosenOrders
        ids={[...ids]}
        what={what}
        typed={typed}
        filter={frozen}
        disabled={rowCount === 0}
        onDone={selection.clear}
      />
      <span className="spring" />
      {exporting?.state === "running" ? (
        <>
          <span role="status">Exporting: {countText(exporting.count)} written…</span>
          <button type="button" onClick={() => running.current?.abort()}>
            Stop
          </button>
        </>
      ) : (
        formats.map((format) => (
          <button
            key={format}
            type="button"
            disabled={rowCount === 0}
            aria-label={`Export ${what} as ${format.toUpperCase()}`}
            onClick={() => void run(format)}
          >
            <Icon name="download" /> {format.toUpperCase()}
          </button>
        ))
      )}
      {exporting?.state === "failed" && (
        <TroubleNotice
          title="Nothing was exported"
          trouble={exporting.trouble}
          onAgain={() => void run(exporting.format)}
        />
      )}
    </div>
  );
}

interface AllChosenProps {
  readonly count: ReturnType<typeof useLetterCount>;
  readonly onAgain: () => void;
}

function AllChosen({ count, onAgain }: AllChosenProps) {
  if (count.data !== undefined) {
    const { count: matching, exact } = count.data;
    return (
      <strong>
        {exact ? "All" : "All, at least"} {countText(matching)}
        {exact ? " that match" : ","} chosen
      </strong>
    );
  }
  if (!count.isError) return <strong>All that match chosen, counting…</strong>;
  return (
    <>
      <strong>All that match chosen</strong>, how many could not be counted.{" "}
      <button type="button" className="quiet" onClick={onAgain}>
        Count again
      </button>
    </>
  );
}

const formats = ["json", "csv"] as const;

/** Of the pages that hold any of them. */
function cursorsOf(
  ids: ReadonlySet<string>,
  pages: readonly LetterPage[],
  pageParams: readonly unknown[],
): readonly string[] {
  return pages.flatMap(({ rows }, index) => {
    const cursor = pageParams[index];
    return typeof cursor === "string" && rows.some(({ id }) => ids.has(id)) ? [cursor] : [];
  });
}
