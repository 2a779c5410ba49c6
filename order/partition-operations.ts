// The order to read on past records that cannot be read. It is written to the audit first, so no record is passed over
// without a trace, whatever happens then; and it is given only about a partition that this instance sees standing still.
import { actorOf } from "../contract/access.ts";
import {
  type ContractFailure,
  partitionNotStalled,
  skipBeyondEnd,
  stalledElsewhere,
} from "../contract/errors.ts";
import type { PartitionSkip, SkipPartition } from "../contract/partitions.ts";
import type { PartitionOperations, RequestContext } from "../contract/ports.ts";
import { failed, type Result, success } from "../contract/result.ts";
import type { TopicPartition } from "../kafka/record.ts";
import type { Logger } from "../service/logger.ts";
import type { Audit } from "./store/audit.ts";
import { whileStoreWrites } from "./while-store-answers.ts";
import { partitionKey } from "./worker/partition.ts";
import type { SkipOutcome } from "./worker/skip-queue.ts";
import type { StallWatch } from "./worker/stall-watch.ts";
import type { Worker } from "./worker/worker.ts";

export interface PartitionOperationsOptions {
  readonly stalls: Pick<StallWatch, "stalled" | "look">;
  readonly worker: Pick<Worker, "skipTo">;
  readonly audit: Pick<Audit, "append" | "conclude">;
  /** Begins to open the consumer anew that has this partition. Must not throw. */
  readonly reopen: (partition: TopicPartition) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
}

type Skipped = Result<PartitionSkip, ContractFailure>;

export function createPartitionOperations(options: PartitionOperationsOptions): PartitionOperations {
  const { stalls, worker, audit, reopen, now, logger } = options;
  const beingSkipped = new Set<string>();

  function objectionTo({
    topic,
    partition,
    fromOffset,
    toOffset,
  }: SkipPartition): ContractFailure | undefined {
    stalls.look();
    const stall = stalls.stalled.find((found) => found.topic === topic && found.partition === partition);
    if (stall === undefined) return partitionNotStalled(topic, partition);
    if (stall.offset !== fromOffset) return stalledElsewhere(topic, partition, stall.offset);
    // Records that are written later would be passed over unseen.
    if (toOffset > stall.endOffset) return skipBeyondEnd(topic, partition, stall.endOffset);
    return undefined;
  }

  async function carryOut(command: SkipPartition, context: RequestContext): Promise<Skipped> {
    const { reason, ...target } = command;
    const actor = actorOf(context);
    const fields = { ...target, actor, requestId: context.requestId, reason };
    const auditId = await audit.append({
      atMs: now(),
      action: "partitions.skip",
      actor,
      target: { ...target },
      reason,
    });
    logger.warn("A partition is sent on past records that are not read, by order", { ...fields, auditId });
    const outcome = await worker.skipTo(command, command.toOffset);
    if (outcome === "skipped") reopen(command);
    const result = resultOf(outcome, command);
    logger.warn("The order to skip records has ended", { ...target, auditId, result });
    await audit.conclude(auditId, { atMs: now(), result });
    const failure = failureOf(outcome, command);
    return failure === undefined ? success({ auditId, ...target }) : failed(failure);
  }

  return {
    skip: (command, context) =>
      whileStoreWrites(async () => {
        const key = partitionKey(command);
        if (beingSkipped.has(key)) {
          return failed({
            code: "unavailable",
            message: `Partition ${key} is being sent on by another order.`,
          });
        }
        const objection = objectionTo(command);
        if (objection !== undefined) return failed(objection);
        beingSkipped.add(key);
        try {
          return await carryOut(command, context);
        } finally {
          beingSkipped.delete(key);
        }
      }),
  };
}

function resultOf(outcome: SkipOutcome, { fromOffset, toOffset }: SkipPartition): string {
  switch (outcome) {
    case "skipped":
      return `Skipped offsets ${fromOffset} to ${toOffset - 1}: consumption goes on at ${toOffset}`;
    case "uncommitted":
      return `Offsets ${fromOffset} to ${toOffset - 1} have no effect any more, but the broker did not take the new offset`;
    case "unsettled":
      return "Nothing was skipped: records before the gap were still being worked on";
    case "not ours":
      return "Nothing was skipped: the partition had gone to another instance";
  }
}

function failureOf(outcome: SkipOutcome, { topic, partition }: SkipPartition): ContractFailure | undefined {
  switch (outcome) {
    case "skipped":
      return undefined;
    case "uncommitted":
      return { code: "outcome_unknown", message: "The broker did not take the new offset." };
    case "unsettled":
      return {
        code: "unavailable",
        message: `Records of partition ${topic}/${partition} before the gap are still being worked on.`,
      };
    case "not ours":
      return partitionNotStalled(topic, partition);
  }
}
