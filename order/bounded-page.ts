// A page of rows that may be a megabyte each: read in pieces, and ended early when it has grown large, so that no request
// takes the process's memory, whatever limit it asks for.

const rowsARead = 50;
const maxPageBytes = 16 * 1024 * 1024;

export interface PageOf<Row> {
  readonly rows: readonly Row[];
  /** The last row, when there are more after it. */
  readonly continuesAfter: Row | undefined;
}

/**
 * `read` gives at most `count` rows that follow `after` (the first ones when absent), fewer only at the end. A page has
 * `limit` rows at most and, unless it is at the end or `limit` is 0, one at least.
 */
export async function readBoundedPage<Row>(
  limit: number,
  read: (count: number, after: Row | undefined) => Promise<readonly Row[]>,
  bytesOf: (row: Row) => number,
): Promise<PageOf<Row>> {
  const rows: Row[] = [];
  let bytes = 0;
  if (limit === 0) return { rows, continuesAfter: undefined };
  for (;;) {
    // One more than asked for tells whether there is a next page.
    const count = Math.min(rowsARead, limit + 1 - rows.length);
    const piece = await read(count, rows.at(-1));
    for (const row of piece) {
      bytes += bytesOf(row);
      if (rows.length === limit || (rows.length > 0 && bytes > maxPageBytes)) {
        return { rows, continuesAfter: rows.at(-1) };
      }
      rows.push(row);
    }
    if (piece.length < count) return { rows, continuesAfter: undefined };
  }
}
