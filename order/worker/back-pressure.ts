// Pauses partitions that have too much in memory and resumes those that have room again; the poll itself never stops.
import type { RecordSource } from "../consumer-group.ts";
import type { AssignedPartition } from "./partition.ts";

export interface MemoryBounds {
  /** Unread records at which every partition pauses, until half of it is left. */
  readonly maxInbox: number;
  /** Records from the first unsettled one on at which a partition pauses. */
  readonly maxUnsettled: number;
}

interface Group {
  readonly source: () => RecordSource;
  readonly partitions: ReadonlyMap<string, AssignedPartition>;
}

/** `inbox` is how many records are unread. */
export function applyBackPressure(
  groups: readonly Group[],
  inbox: number,
  { maxInbox, maxUnsettled }: MemoryBounds,
): void {
  for (const { source, partitions } of groups) {
    const full: AssignedPartition[] = [];
    const roomy: AssignedPartition[] = [];
    for (const own of partitions.values()) {
      const { unsettled } = own.tracker;
      if (!own.paused && (inbox >= maxInbox || unsettled >= maxUnsettled)) full.push(own);
      if (own.paused && inbox <= maxInbox / 2 && unsettled <= maxUnsettled / 2) roomy.push(own);
    }
    for (const own of full) own.paused = true;
    for (const own of roomy) own.paused = false;
    if (full.length > 0) source().pause(full);
    if (roomy.length > 0) source().resume(roomy);
  }
}
