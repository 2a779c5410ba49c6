// Which of the assigned partitions this worker writes for: it claims them from the store, and stands back from those that
// another worker has claimed since.
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import type { DeadLetterOutbox } from "../dead-letters/dead-letter-outbox.ts";
import type { OrderStore } from "../store/order-store.ts";
import type { AcknowledgedLetters } from "./acknowledged-letters.ts";
import { acceptClaim, type AssignedPartition, unclaim } from "./partition.ts";

export interface Claims {
  /**
   * Claims what is assigned and not claimed yet, with what the store has parked for it; answers the claimed partitions, of
   * which the store may have more than the broker knows. Throws what the store throws.
   */
  take(): Promise<readonly AssignedPartition[]>;
  /** Another worker has claimed this source. Only the consumer group knows whether it was a mistake, so it is asked for again. */
  disown(source: string): void;
}

export interface ClaimsOptions {
  readonly store: Pick<OrderStore, "claim" | "loadParked">;
  /** The assigned partitions by source. */
  readonly owned: ReadonlyMap<string, AssignedPartition>;
  readonly letters: Pick<AcknowledgedLetters, "offsetsOf">;
  readonly outbox: Pick<DeadLetterOutbox, "add">;
  readonly clock: Clock;
  readonly logger: Logger;
}

const reclaimDelayMs = 500;

export function createClaims({ store, owned, letters, outbox, clock, logger }: ClaimsOptions): Claims {
  return {
    async take() {
      const nowMs = clock.nowMs();
      const unclaimed = [...owned.values()].filter(
        ({ state, claimAfterMs }) => state === "unclaimed" && claimAfterMs <= nowMs,
      );
      if (unclaimed.length === 0) return [];
      for (const claim of await store.claim(unclaimed.map(({ source }) => source))) {
        const partition = owned.get(claim.source);
        // Assigned anew since the claim was asked for: somebody else may have had it in between.
        if (partition === undefined || !unclaimed.includes(partition)) continue;
        const published = letters.offsetsOf(claim.source);
        const dead = claim.parked.filter(({ state, offset }) => state === "dead" && !published.has(offset));
        if (dead.length > 0) outbox.add(await store.loadParked(dead));
        acceptClaim(partition, claim);
        // Acknowledged already, and about to be let go of: nobody will tell of these again.
        for (const offset of letters.offsetsOf(claim.source)) partition.dying.delete(offset);
      }
      return unclaimed;
    },
    disown(source) {
      const partition = owned.get(source);
      if (partition === undefined) return;
      logger.warn("Another worker has claimed a partition: nothing more is written for it", { source });
      unclaim(partition);
      partition.claimAfterMs = clock.nowMs() + reclaimDelayMs;
    },
  };
}
