// What a lane of `bun run test` reports: counts for the last line, names for everything that a reader must not miss.

export interface LaneResult {
  readonly passed: number;
  /** One sentence each; their number is the lane's count of failures. */
  readonly failures: readonly string[];
  /** Tests that did not run, each by name. */
  readonly skipped: readonly string[];
}

export const emptyLane: LaneResult = { passed: 0, failures: [], skipped: [] };

/** For what a machine lacks: said aloud, and a failure where it is required. */
export function laneWithout(what: string, reasons: readonly string[], required: boolean): LaneResult {
  const sentences = reasons.map((reason) => `${what}: ${reason}`);
  return required ? { ...emptyLane, failures: sentences } : { ...emptyLane, skipped: sentences };
}

export function addLanes(results: readonly LaneResult[]): LaneResult {
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failures: results.flatMap(({ failures }) => failures),
    skipped: results.flatMap(({ skipped }) => skipped),
  };
}
