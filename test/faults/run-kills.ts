// Promises a run of events through order while its processes are killed, and others asked to leave, at random moments; and
// the account at its end. A kill counts only while records are still to be settled.
import { orderHealthReportSchema } from "../../contract/health.ts";
import { findFreePort } from "../parts/free-port.ts";
import { type ServiceProcess, spawnService } from "../load/service-process.ts";
import { eventually } from "../system/eventually.ts";
import type { PartsAddresses } from "../system/real-environment.ts";
import { type FaultRun, openFaultRun } from "./fault-run.ts";
import { createRandom } from "./plan-load.ts";

export interface KillOptions {
  readonly addresses: PartsAddresses;
  readonly events: number;
  readonly kills: number;
  /** With more than one, every third disturbance is an orderly stop, and the instance stays away until the next one. */
  readonly instances: number;
  readonly seed: number;
  readonly onProgress?: (text: string, fraction: number) => void;
}

export interface KillReport {
  readonly events: number;
  readonly killed: number;
  readonly left: number;
  /** The most records that one process was handed although the store had them. */
  readonly mostRepeats: number;
  /** Sentences of the account; empty when it adds up. */
  readonly faults: readonly string[];
  readonly elapsedMs: number;
}

interface Instance {
  readonly port: number;
  process: ServiceProcess | undefined;
}

const settledWithinMs = 120_000;

export async function runKills(options: KillOptions): Promise<KillReport> {
  const { addresses, events, kills, instances: count, seed, onProgress = () => undefined } = options;
  const startedAt = performance.now();
  const nextBelow = createRandom(seed);
  const run = await openFaultRun({ addresses, events, seed });
  const instances: Instance[] = [];
  for (let index = 0; index < count; index += 1)
    instances.push({ port: await findFreePort(), process: undefined });
  const start = async (instance: Instance) => {
    instance.process ??= await spawnService("order", run.environment, { port: instance.port });
  };

  let killed = 0;
  let left = 0;
  let mostRepeats = 0;
  async function disturb(instance: Instance): Promise<void> {
    const isLeave = count > 1 && (killed + left) % 3 === 2;
    mostRepeats = Math.max(mostRepeats, await readRedelivered(instance));
    if (isLeave) await instance.process?.stop();
    else await instance.process?.kill();
    instance.process = undefined;
    await run.noteAttempts();
    if (isLeave) left += 1;
    else killed += 1;
    if (!isLeave) await start(instance);
  }

  try {
    await Promise.all(instances.map(start));
    const publishing = run.publish(0, 1);
    while (killed < kills) {
      const share = (killed + left + nextBelow(100) / 100) / (kills + (count > 1 ? kills / 2 : 0) + 1);
      await untilShare(run, share);
      for (const instance of instances) await start(instance);
      const chosen = instances[nextBelow(count)];
      if (chosen !== undefined) await disturb(chosen);
      onProgress(`${killed} kills, ${left} left`, share);
    }
    await publishing;
    for (const instance of instances) await start(instance);
    await run.untilSettled(settledWithinMs);
    for (const instance of instances) mostRepeats = Math.max(mostRepeats, await readRedelivered(instance));
    const faults = await run.faults();
    return { events: run.total, killed, left, mostRepeats, faults, elapsedMs: performance.now() - startedAt };
  } finally {
    await Promise.all(instances.map(async ({ process }) => await process?.stop()));
    await run.close();
  }
}

/** 0 of a process that does not answer: it has just been started, or stopped. */
async function readRedelivered({ process }: Instance): Promise<number> {
  if (process === undefined) return 0;
  try {
    const answer = await fetch(`${process.url}/health/detail`, { signal: AbortSignal.timeout(2000) });
    return orderHealthReportSchema.parse(await answer.json()).redelivered;
  } catch {
    return 0;
  }
}

/** Of all records, settled or parked. */
async function untilShare(run: FaultRun, share: number): Promise<void> {
  await eventually(async () => {
    const { settled } = await run.progress();
    if (settled < run.total * share) throw new Error(`${settled} of ${run.total} records are settled`);
  }, 60_000);
}
