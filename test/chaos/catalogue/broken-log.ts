// A broker that has lost the end of its log, as after a power cut with a disk that lied: the last batch of each partition of a
// topic is cut off. The broker runs on this machine, and does not run now.
import { existsSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { KafkaPart } from "../../parts/kafka.ts";
import type { Stage } from "../stage.ts";

/** Ask while it runs. */
export async function readLogFolder({ kafka, brokers }: Pick<Stage, "kafka" | "brokers">): Promise<string> {
  return folderOf(kafka, brokers);
}

async function folderOf(kafka: KafkaPart, brokers: string): Promise<string> {
  const entity = ["--entity-type", "brokers", "--entity-name", "1"];
  const all = await kafka.tool(
    "kafka.admin.ConfigCommand",
    "--bootstrap-server",
    brokers,
    "--describe",
    "--all",
    ...entity,
  );
  const folder = /^\s*log\.dirs=(\S+)/m.exec(all)?.[1];
  if (folder === undefined || !existsSync(folder)) throw new Error("the broker's log folder was not found");
  return folder;
}

/** How many partitions have lost a batch. */
export function cutLastBatches(folder: string, topic: string, partitions: number): number {
  let cut = 0;
  for (let partition = 0; partition < partitions; partition += 1) {
    const path = join(folder, `${topic}-${partition}`, `${"0".repeat(20)}.log`);
    const starts = batchStarts(readFileSync(path));
    const last = starts.at(-1);
    // With its first batch gone as well the broker would know nothing of the producer, and believe it.
    if (last === undefined || starts.length < 2) continue;
    truncateSync(path, last);
    cut += 1;
  }
  return cut;
}

/** A batch begins with its first offset, in eight bytes, and the length of what follows, in four. */
function batchStarts(log: Buffer): readonly number[] {
  const starts: number[] = [];
  for (let at = 0; at + 12 <= log.length;) {
    const length = log.readInt32BE(at + 8);
    if (length <= 0) break;
    starts.push(at);
    at += 12 + length;
  }
  return starts;
}
