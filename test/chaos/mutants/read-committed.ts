// The committed offsets of order's groups, asked for without being a member of them.
import type { IAdminClient } from "@confluentinc/kafka-javascript/types/rdkafka.js";
import { loadKafkaClient } from "../../../kafka/native/load.ts";

export async function readCommitted(brokers: string, group: string): Promise<ReadonlyMap<string, number>> {
  const admin = loadKafkaClient().AdminClient.create({ "bootstrap.servers": brokers });
  try {
    const committed = new Map<string, number>();
    for (const groupId of [group, `${group}-status-updates`, `${group}-saga`]) {
      for (const { topic, partition, offset } of await ofGroup(admin, groupId)) {
        if (offset >= 0) committed.set(`${topic}/${partition}`, offset);
      }
    }
    return committed;
  } finally {
    admin.disconnect();
  }
}

interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

function ofGroup(admin: IAdminClient, groupId: string): Promise<readonly Place[]> {
  return new Promise((resolve, reject) =>
    admin.listConsumerGroupOffsets([{ groupId }], { timeout: 5000 }, (error, groups) => {
      // The binding's types say that an error is always there.
      const failed: unknown = error;
      if (failed instanceof Error) reject(failed);
      else resolve(groups.flatMap(({ partitions }) => partitions));
    }),
  );
}
