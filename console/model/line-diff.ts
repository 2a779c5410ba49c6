// What is different between two texts, line by line: the fewest lines that go and come. Pure.

export interface DiffLine {
  readonly kind: "same" | "gone" | "come";
  readonly text: string;
}

/** Beyond that many lines on a side the whole text goes and comes: schemas have some hundred. */
const maxLines = 3000;

export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  if (a.length > maxLines || b.length > maxLines) return [...a.map(gone), ...b.map(come)];
  const width = b.length + 1;
  /** Of each pair of places: how many lines what follows has in common. */
  const common = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i * width + j] =
        a[i] === b[j]
          ? (common[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0);
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    if (left !== undefined && left === right) {
      lines.push({ kind: "same", text: left });
      i += 1;
      j += 1;
    } else if (
      left !== undefined &&
      (right === undefined || (common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0))
    ) {
      lines.push(gone(left));
      i += 1;
    } else if (right !== undefined) {
      lines.push(come(right));
      j += 1;
    }
  }
  return lines;
}

function gone(text: string): DiffLine {
  return { kind: "gone", text };
}

function come(text: string): DiffLine {
  return { kind: "come", text };
}

/** JSON indented, so that a change of one field is a line; other text as it is. */
export function indented(json: string): string {
  try {
    const value: unknown = JSON.parse(json);
    return JSON.stringify(value, null, 2);
  } catch {
    return json;
  }
}
