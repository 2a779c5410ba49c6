// Which of the assigned partitions this worker writes for: it claims them from the store, and stands back from those that
// another worker has claimed since.
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import { type AssignedPartition, unclaim } from "./partition.ts";

export interface Claims {
  /**
   * Claims what is assigned and not claimed yet; answers the claimed partitions, of
   * which the store may have more than the broker knows. Throws what the store throws.
   */
  take(): Promise<readonly AssignedPartition[]>;
  /** Another worker has claimed this source. Only the consumer group knows whether it was a mistake, so it is asked for again. */
  disown(source: string): void;
}

export interface ClaimsOptions<Claim extends { readonly source: string }> {
  /** The store's. */
  readonly claim: (sources: readonly string[]) => Promise<readonly Claim[]>;
  /** Takes over what the store knows of the partition. */
  readonly accept: (partition: AssignedPartition, claim: Claim) => Promise<void> | void;
  /** The assigned partitions, by whatever name. */
  readonly owned: ReadonlyMap<string, AssignedPartition>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const reclaimDelayMs = 500;

export function createClaims<Claim extends { readonly source: string }>({
  claim: claimFrom,
  accept,
  owned,
  clock,
  logger,
}: ClaimsOptions<Claim>): Claims {
  const bySource = (source: string) => [...owned.values()].find((partition) => partition.source === source);

  return {
    async take() {
      const nowMs = clock.nowMs();
      const unclaimed = [...owned.values()].filter(
        ({ state, claimAfterMs }) => state === "unclaimed" && claimAfterMs <= nowMs,
      );
      if (unclaimed.length === 0) return [];
      for (const claim of await claimFrom(unclaimed.map(({ source }) => source))) {
        const partition = bySource(claim.source);
        // Assigned anew since the claim was asked for: somebody else may have had it in between.
        if (partition !== undefined && unclaimed.includes(partition)) await accept(partition, claim);
      }
      return unclaimed;
    },
    disown(source) {
      const partition = bySource(source);
      if (partition === undefined) return;
      logger.warn("Another worker has claimed a partition: nothing more is written for it", { source });
      unclaim(partition);
      partition.claimAfterMs = clock.nowMs() + reclaimDelayMs;
    },
  };
}
