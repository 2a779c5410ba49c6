// Whether records of one lane of a source are tried in their order: an independent count of what is still ahead.
import { laneOf } from "../work-item.ts";
import type { Produced } from "./topics.ts";
import { Violation } from "./violation.ts";

export interface LaneOrder {
  /** These records are known to the store from now on. */
  open(produced: Produced): void;
  /** @throws Violation when an earlier record of its lane is not settled. */
  requireFirst(produced: Produced): void;
  close(produced: Produced): void;
}

export function createLaneOrder(): LaneOrder {
  const openOffsets = new Map<string, Set<number>>();
  const laneKey = ({ source, record }: Produced) => `${source} ${laneOf(record)}`;
  return {
    open(produced) {
      // Bytes that are no event wait for nobody, and nobody for them.
      if (produced.text === null || produced.replay === "forged") return;
      const key = laneKey(produced);
      const offsets = openOffsets.get(key) ?? new Set<number>();
      openOffsets.set(key, offsets.add(produced.record.offset));
    },
    requireFirst(produced) {
      const { offset } = produced.record;
      for (const other of openOffsets.get(laneKey(produced)) ?? []) {
        if (other >= offset) continue;
        throw new Violation(
          `order: ${produced.source} ${offset} has its turn before ${other} of its lane is settled`,
        );
      }
    },
    close(produced) {
      openOffsets.get(laneKey(produced))?.delete(produced.record.offset);
    },
  };
}
