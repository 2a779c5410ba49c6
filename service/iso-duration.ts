// A length of time as ISO 8601 writes it, such as `PT10S`, `PT0.5S` or `P1DT12H`. Years and months are refused: how long
// they are depends on when they begin.

const pattern =
  /^P(?=[0-9T])(?:(\d{1,9})W|(?:(\d{1,9})D)?(?:T(?=[0-9])(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:[.,]\d{1,3})?)S)?)?)$/;

const weekMs = 7 * 24 * 60 * 60 * 1000;
const unitsMs = [weekMs, weekMs / 7, 60 * 60 * 1000, 60 * 1000, 1000];

/** Milliseconds; undefined when the text is no such duration. */
export function readIsoDurationMs(text: string): number | undefined {
  const parts = pattern.exec(text)?.slice(1);
  if (parts === undefined) return undefined;
  const ms = unitsMs.map((unitMs, i) => Number((parts[i] ?? "0").replace(",", ".")) * unitMs);
  return Math.round(ms.reduce((sum, part) => sum + part, 0));
}
