// What is changed in the package's sources before they are compiled, each change with its reason. A change is one text that
// must be found exactly once: sources that have moved on stop the build, and nobody gets a client without the change.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Patch {
  /** Relative to the package. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const patches: readonly Patch[] = [
  // A transaction that begins while the broker still writes the markers of the one before is told to come again. The
  // markers take one or two milliseconds, librdkafka comes again after 20, and no setting changes that.
  {
    file: "deps/librdkafka/src/rdkafka_txnmgr.c",
    find: "case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:\n                                retry_backoff_ms = 20;",
    replace:
      "case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:\n                                retry_backoff_ms = 1;",
  },
  // A transaction's first record asks for its partition to be added "immediately", which is a timer of one millisecond; and the
  // partitions that come while that request is out are asked for a millisecond after its answer.
  {
    file: "deps/librdkafka/src/rdkafka_txnmgr.h",
    find: "rd_kafka_txn_schedule_register_partitions(rk, 1 /*immediate*/);",
    replace: "rd_kafka_txn_schedule_register_partitions(rk, 0 /*immediate*/);",
  },
  {
    file: "deps/librdkafka/src/rdkafka_txnmgr.c",
    find: ": 1 /*immediate*/);",
    replace: ": 0 /*immediate*/);",
  },
  // Batches go out one behind the other without waiting, because a broker takes none before its predecessor. It does not look at
  // that when it does not know the producer (Kafka before 4.5, KAFKA-15591): a first batch that is refused, because the
  // partition's leader is not there yet, is then overtaken for good. So until the broker has acknowledged something of the
  // producer's present epoch, a partition has one batch on its way. One lock is not taken that librdkafka takes for acked_msgid: it
  // only grows, and who reads an old value waits a little longer.
  {
    file: "deps/librdkafka/src/rdkafka_broker.c",
    find: "RD_KAFKA_IDEMP_MAX_INFLIGHT - inflight);",
    replace:
      "(rd_kafka_pid_eq(pid, rktp->rktp_eos.pid) &&\n" +
      "                                       rktp->rktp_eos.acked_msgid >=\n" +
      "                                           rktp->rktp_eos.epoch_base_msgid\n" +
      "                                           ? RD_KAFKA_IDEMP_MAX_INFLIGHT\n" +
      "                                           : 1) -\n" +
      "                                          inflight);",
  },
];

/** Changes a copy of the package's sources; answers what does not fit, in one sentence, or null. */
export function applyPatches(sourceDir: string, wanted: readonly Patch[] = patches): string | null {
  for (const { file, find, replace } of wanted) {
    const path = join(sourceDir, file);
    const parts = readFileSync(path, "utf8").split(find);
    if (parts.length !== 2) {
      return (
        `${file} has the text that kafka/native/patches.ts replaces ${parts.length - 1} times and not once: ` +
        `the package's sources have changed, look at the patch again.`
      );
    }
    writeFileSync(path, parts.join(replace));
  }
  return null;
}
