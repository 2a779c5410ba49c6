// An operator who replays dead letters while things break: announced in the store first, then published in the order of the
// letters, sometimes twice, as a job's next holder would after a crash; and somebody who forges replays.
import type { KafkaRecord } from "../../../kafka/record.ts";
import { bodyHash } from "../../replays/domain/body-hash.ts";
import { lineageHeaders } from "../../replays/domain/lineage.ts";
import { itemKey } from "../../replays/store/replay-store.ts";
import type { Accounts } from "./accounts.ts";
import type { Random } from "./random.ts";
import type { SimulatedStore } from "./simulated-store.ts";
import { appendReplay, type Produced, type SimulatedPartition } from "./topics.ts";

export interface ReplayOperatorOptions {
  readonly store: Pick<SimulatedStore, "items">;
  readonly accounts: Pick<Accounts, "openLetters">;
  readonly partitions: readonly SimulatedPartition[];
  readonly random: Random;
  readonly nowMs: () => number;
  readonly onPublished: (produced: Produced) => void;
  readonly later: (work: () => void) => void;
}

export interface ReplayOperator {
  /** Some of the letters that are open now, or all of them, as one job. */
  replay(): void;
}

export function createReplayOperator(options: ReplayOperatorOptions): ReplayOperator {
  const { store, accounts, partitions, random, nowMs, onPublished, later } = options;
  let jobs = 0;

  function publish(
    origin: Produced,
    headers: KafkaRecord["headers"],
    replay: Exclude<Produced["replay"], undefined>,
  ) {
    const key = origin.record.key?.toString() ?? "";
    const to = partitions[key.charCodeAt(key.length - 1) % partitions.length];
    if (to !== undefined) onPublished(appendReplay(to, origin, headers, replay, nowMs()));
  }

  return {
    replay() {
      jobs += 1;
      const jobId = `job-${jobs}`;
      const share = random.pick([0.3, 1, 1]);
      const chosen = accounts.openLetters().filter(() => random.chance(share));
      for (const [index, origin] of chosen.entries()) {
        const { topic, partition, offset, timestampMs, headers: own } = origin.record;
        const id = { jobId, number: index + 1 };
        const letterId = `${topic}/${partition}/${offset}`;
        const place = { letterId, topic, partition, offset, timestampMs };
        const headers = [...own, ...lineageHeaders({ ...id, ...place })];
        if (random.chance(0.05)) {
          publish(origin, [...own, ...lineageHeaders({ jobId: "nobody's", number: 1, ...place })], "forged");
        }
        store.items.set(itemKey(id), { ...id, letterId, state: "sent", bodyHash: bodyHash(origin.record) });
        const replay = { key: itemKey(id), origin };
        publish(origin, headers, replay);
        if (random.chance(0.15)) publish(origin, headers, replay);
        if (random.chance(0.1)) later(() => publish(origin, headers, replay));
      }
    },
  };
}
