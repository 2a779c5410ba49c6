// A quantile from the counts of a histogram's buckets: exact to the bucket, straight between its bounds. Pure.

/**
 * `counts` has one more than `bounds`: what was beyond the last, of which the last bound is told. Null when nothing was
 * counted.
 */
export function quantileOf(
  share: number,
  bounds: readonly number[],
  counts: readonly number[],
): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = share * total;
  let below = 0;
  for (const [bucket, count] of counts.entries()) {
    if (below + count < rank || count === 0) {
      below += count;
      continue;
    }
    const upper = bounds[bucket];
    const lower = bucket === 0 ? 0 : (bounds[bucket - 1] ?? 0);
    return upper === undefined ? lower : lower + ((rank - below) / count) * (upper - lower);
  }
  return bounds.at(-1) ?? null;
}
