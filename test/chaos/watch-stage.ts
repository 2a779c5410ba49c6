// Keeps looking at a stage while it runs: how far the store is behind, and what each process says it was handed again.
import type { OpenSlot } from "./open-slot.ts";
import type { PositionReader } from "./position-reader.ts";
import { openLineWriter } from "./run-files.ts";

export interface StageWatch {
  /** Idempotent. */
  close(): Promise<void>;
}

export interface WatchOptions {
  readonly directory: string;
  readonly positions: PositionReader;
  readonly orders: readonly OpenSlot[];
}

const sampleEveryMs = 500;

export function openWatch({ directory, positions, orders }: WatchOptions): StageWatch {
  const samples = openLineWriter(directory, "samples");
  const redelivered = openLineWriter(directory, "redelivered");
  const told = new Map<string, number>();
  let isClosed = false;

  async function look(): Promise<void> {
    const atMs = Date.now();
    const position = await positions.position();
    if (position === undefined) return;
    const { published, read, parked } = position;
    samples.write({ atMs, lag: published - read, parked });
  }

  async function ask(slot: OpenSlot): Promise<void> {
    if (!slot.isRunning) return;
    const { name, processes } = slot;
    const detail = await slot.detail();
    const id = `${name}/${processes}`;
    if (detail === undefined || processes !== slot.processes || told.get(id) === detail.redelivered) return;
    told.set(id, detail.redelivered);
    redelivered.write({ slot: name, process: processes, redelivered: detail.redelivered });
  }

  async function watch(): Promise<void> {
    while (!isClosed) {
      await Promise.all([look(), ...orders.map(ask), Bun.sleep(sampleEveryMs)]);
    }
  }
  const watching = watch();
  let closing: Promise<void> | undefined;
  return {
    close() {
      closing ??= (async () => {
        isClosed = true;
        await watching;
        await Promise.all([samples.close(), redelivered.close()]);
      })();
      return closing;
    },
  };
}
