/** At most this many bytes of records travel in one statement, about; one record may be larger by itself. */
const chunkBytes = 8 * 1024 * 1024;

/** The rows in their order, in pieces that a statement can carry without a copy of everything in memory. */
export function chunkByBytes<Row>(rows: readonly Row[], sizeOf: (row: Row) => number): readonly Row[][] {
  const chunks: Row[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    size += sizeOf(row);
    if (size > chunkBytes) {
      chunks.push([]);
      size = sizeOf(row);
    }
    chunks.at(-1)?.push(row);
  }
  return chunks;
}
