// A batch that librdkafka cannot read: Python's client writes it, and breaks it in the broker's log.
import { join } from "node:path";

export interface UnreadableBatch {
  readonly brokers: string;
  readonly topic: string;
  readonly partition: number;
  readonly keys: readonly string[];
  /** Hexadecimal, one for each key. */
  readonly values: readonly string[];
}

/** `python` has the packages of schemas/interop/requirements.txt. Resolves with the offsets of the batch's records. */
export async function writeUnreadableBatch(
  python: string,
  batch: UnreadableBatch,
): Promise<readonly number[]> {
  const child = Bun.spawn([python, join(import.meta.dirname, "write_broken_batch.py")], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  await child.stdin.write(JSON.stringify(batch));
  await child.stdin.end();
  const [output, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`the batch was not written: ${errors}`);
  const offsets: readonly number[] = JSON.parse(output);
  return offsets;
}
