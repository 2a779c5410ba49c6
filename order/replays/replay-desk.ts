// Between the worker and the replays: which of a batch's records are replays, what the store has announced about them, and what
// topic they are read as. Costs nothing for a batch without replays.
import type { OriginalRecord } from "../domain/dead-letter.ts";
import type { ParkedRecord } from "../store/parked-records.ts";
import { originalOf, readLineage, type ReplayLineage } from "./domain/lineage.ts";
import { forgedReplay, standingOf, type ReplayStanding } from "./domain/standing.ts";
import { itemKey, type ReplayStore } from "./store/replay-store.ts";

export interface ReplayDesk {
  /** Of each replay among these records where it stands; others are absent. Rejects with StoreUnavailable. */
  standings(records: readonly OriginalRecord[]): Promise<ReadonlyMap<OriginalRecord, ReplayStanding>>;
  /** What a record of the replay topic says that it is the replay of; undefined for any other record. */
  lineageOf(record: OriginalRecord): ReplayLineage | undefined;
  /** Replays of one letter after which another failure puts it in quarantine. */
  readonly quarantineAfter: number;
  /** A replay that failed again is a later failure of its original. */
  toDeadLetter(record: ParkedRecord): ParkedRecord;
}

export interface ReplayDeskOptions {
  readonly store: Pick<ReplayStore, "announced">;
  readonly topic: string;
  readonly quarantineAfter: number;
  readonly sourceOf: (partition: { readonly topic: string; readonly partition: number }) => string;
  /** The group of a topic whose replays go there; undefined for any other topic. */
  readonly groupOf: (topic: string) => string | undefined;
}

export function createReplayDesk(options: ReplayDeskOptions): ReplayDesk {
  const { store, topic, quarantineAfter, sourceOf, groupOf } = options;

  function lineageOf(record: OriginalRecord): ReplayLineage | undefined {
    if (record.topic !== topic) return undefined;
    const lineage = readLineage(record.headers);
    return lineage !== undefined && groupOf(lineage.topic) !== undefined ? lineage : undefined;
  }

  return {
    lineageOf,
    quarantineAfter,
    async standings(records) {
      const replays = records.filter((record) => record.topic === topic);
      if (replays.length === 0) return new Map();
      const lineages = replays.map(lineageOf);
      const announced = await store.announced(lineages.flatMap((lineage) => lineage ?? []));
      return new Map(
        replays.map((record, index) => {
          const lineage = lineages[index];
          const item = lineage === undefined ? undefined : announced.get(itemKey(lineage));
          return [record, standingOf(record, lineage, item, sourceOf)] as const;
        }),
      );
    },
    toDeadLetter(record) {
      const { original, death } = record;
      const lineage = death?.reason === forgedReplay ? undefined : lineageOf(original);
      const groupId = lineage === undefined ? undefined : groupOf(lineage.topic);
      if (lineage === undefined || groupId === undefined) return record;
      return { ...record, groupId, original: originalOf(original, lineage), replayOf: lineage };
    },
  };
}

/** The topic that a replay's bytes are read as; undefined for a record that is no replay of ours. */
export function topicReadAs(record: Pick<OriginalRecord, "headers">): string | undefined {
  return readLineage(record.headers)?.topic;
}
