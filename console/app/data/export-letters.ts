// Dead letters into a file, read from order page by page: JSON as the contract tells them, or CSV for a spreadsheet.
import type { DeadLetter } from "../../../contract/dead-letters.ts";
import { csvLine } from "../../model/delimited-text.ts";
import type { LetterSearch } from "../../model/search-syntax.ts";
import { pageQuery } from "./letter-pages.ts";
import { orderClient } from "./order-client.ts";

export type ExportFormat = "json" | "csv";

export interface LetterExport {
  readonly search: LetterSearch;
  readonly format: ExportFormat;
  /** Left out: all that match. `cursors` are those of the pages that hold them. */
  readonly chosen?: { readonly ids: ReadonlySet<string>; readonly cursors: readonly string[] };
  readonly onProgress: (count: number) => void;
  readonly signal: AbortSignal;
}

const columns = [
  "id",
  "lastFailureAt",
  "firstFailureAt",
  "orderId",
  "eventType",
  "errorCategory",
  "errorType",
  "reason",
  "errorMessage",
  "state",
  "replays",
  "attempts",
  "originalTopic",
  "originalPartition",
  "originalOffset",
  "consumerGroup",
  "sizeBytes",
  "originalMessage",
] as const satisfies readonly (keyof DeadLetter)[];

/** Rejects when a page cannot be read or `signal` aborts: half a file is no file. */
export async function exportLetters(
  wanted: LetterExport,
): Promise<{ readonly blob: Blob; readonly count: number }> {
  const { format, onProgress } = wanted;
  const parts: string[] = [format === "csv" ? csvLine(columns) : "[\n"];
  let count = 0;
  for await (const letters of pagesOf(wanted)) {
    for (const letter of letters) {
      if (format === "csv") parts.push(csvLine(columns.map((name) => letter[name])));
      else parts.push(`${count === 0 ? "" : ",\n"}${JSON.stringify(letter)}`);
      count += 1;
    }
    onProgress(count);
  }
  if (format === "json") parts.push("\n]\n");
  // A spreadsheet takes UTF-8 for Latin-1 unless a byte order mark says otherwise.
  const start = format === "csv" ? ["\ufeff"] : [];
  return { blob: new Blob([...start, ...parts], { type: typeOf(format) }), count };
}

async function* pagesOf({ search, chosen, signal }: LetterExport): AsyncGenerator<readonly DeadLetter[]> {
  if (chosen !== undefined) {
    for (const cursor of chosen.cursors) {
      const { deadLetters } = await orderClient.dlq.list.query(pageQuery(search, cursor), { signal });
      yield deadLetters.filter(({ id }) => chosen.ids.has(id));
    }
    return;
  }
  let cursor: string | undefined = "";
  while (cursor !== undefined) {
    const page: { deadLetters: DeadLetter[]; nextCursor?: string | undefined } =
      await orderClient.dlq.list.query(pageQuery(search, cursor), { signal });
    yield page.deadLetters;
    cursor = page.nextCursor;
  }
}

function typeOf(format: ExportFormat): string {
  return format === "csv" ? "text/csv;charset=utf-8" : "application/json";
}
