// Dead records whose letter the broker has: settled at once, and let go of by the store with the worker's next turn.
import type { OrderStore } from "../store/order-store.ts";
import type { ParkedId } from "../store/parked-records.ts";
import type { AssignedPartition } from "./partition.ts";

export interface AcknowledgedLetters {
  /** Settles these records; answers their partitions, each once. */
  add(ids: readonly ParkedId[]): ReadonlySet<AssignedPartition>;
  /** Those of a source that the store still has. */
  offsetsOf(source: string): ReadonlySet<number>;
  /**
   * Has the store forget them. Answers the sources that another worker has claimed since: it publishes them again, and the
   * index counts them once. Then nothing was done for the others either: call again. Throws what the store throws.
   */
  unpark(): Promise<readonly string[]>;
}

/** `owned` has the assigned partitions by source. */
export function createAcknowledgedLetters(
  store: Pick<OrderStore, "save">,
  owned: ReadonlyMap<string, AssignedPartition>,
): AcknowledgedLetters {
  let acknowledged: ParkedId[] = [];

  return {
    add(ids) {
      const touched = new Set<AssignedPartition>();
      for (const { source, offset } of ids) {
        const partition = owned.get(source);
        if (partition === undefined) continue;
        const delivery = partition.dying.get(offset);
        if (delivery !== undefined && delivery !== null) delivery.settled = true;
        partition.dying.delete(offset);
        touched.add(partition);
      }
      acknowledged.push(...ids);
      return touched;
    },
    offsetsOf: (source) =>
      new Set(acknowledged.filter((id) => id.source === source).map(({ offset }) => offset)),
    async unpark() {
      if (acknowledged.length === 0) return [];
      const told = acknowledged;
      acknowledged = [];
      const ids = told.filter(({ source }) => owned.get(source)?.state === "claimed");
      if (ids.length === 0) return [];
      const progress = [...new Set(ids.map(({ source }) => source))].map((source) => ({
        source,
        epoch: owned.get(source)?.epoch ?? 0,
        nextOffset: null,
      }));
      const saved = await store
        .save({ progress, changes: [], park: [], repark: [], unpark: ids })
        .catch((error: unknown) => {
          acknowledged = [...told, ...acknowledged];
          throw error;
        });
      if (saved.kind !== "fenced") return [];
      acknowledged.push(...ids.filter(({ source }) => !saved.sources.includes(source)));
      return saved.sources;
    },
  };
}
