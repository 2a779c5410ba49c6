// CSV that a spreadsheet opens without carrying out what strangers wrote: cells that it would take for a formula begin
// with an apostrophe, everything else is RFC 4180.

export type Cell = string | number | null;

// What spreadsheets take for a formula's start, also behind spaces, and in the full width that some of them normalise.
const formulaStart = /^[\s\p{Cc}]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]|^[\t\r\n]/u;

export function csvCell(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const harmless = formulaStart.test(cell) ? `'${cell}` : cell;
  return /[",\r\n;\t']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** Ends with a line break, so that lines can be written one after the other. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}
