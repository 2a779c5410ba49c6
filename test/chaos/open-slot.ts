// Promises a place for one service: its port and name stay, its processes come and go, and how each ended is known.
import { orderHealthReportSchema } from "../../contract/health.ts";
import { type ServiceProcess, spawnService } from "../load/service-process.ts";
import { findFreePort } from "../parts/free-port.ts";
import type { Environment, Slot } from "./stage.ts";

export interface OpenSlot extends Slot {
  /** Counts the processes that were started here. */
  readonly processes: number;
}

export interface SlotOptions {
  readonly name: string;
  readonly service: "cart" | "order";
  readonly environment: Environment;
  readonly checkout?: string | undefined;
  /** Nobody asked it to end, or told it to kill itself. `end`: a signal or an exit code. */
  readonly onUnasked?: (slot: string, end: NodeJS.Signals | number, log: string) => void;
}

export async function openSlot(options: SlotOptions): Promise<OpenSlot> {
  const { name, service, environment, checkout, onUnasked } = options;
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  let running: ServiceProcess | undefined;
  let last: ServiceProcess | undefined;
  let processes = 0;
  let isAsked = false;

  function current(): ServiceProcess {
    if (last === undefined) throw new Error(`${name} was never started`);
    return last;
  }

  return {
    name,
    url,
    get isRunning() {
      return running !== undefined;
    },
    get processes() {
      return processes;
    },
    async start(extra = {}) {
      if (running !== undefined) return;
      isAsked = extra["CRASH_AT"] !== undefined;
      const started = await spawnService(
        service,
        { ...environment, ...extra },
        { port, ...(checkout === undefined ? {} : { checkout }) },
      );
      processes += 1;
      running = started;
      last = started;
      void started.ended.then((end) => {
        if (running === started) running = undefined;
        if (!isAsked) onUnasked?.(name, end, started.log());
      });
    },
    async untilReady() {
      const startedAt = performance.now();
      await current().ready();
      return performance.now() - startedAt;
    },
    stop() {
      isAsked = true;
      return current().stop();
    },
    kill() {
      isAsked = true;
      return current().kill();
    },
    freeze: () => current().freeze(),
    thaw: () => current().thaw(),
    ended: () => current().ended,
    async detail() {
      try {
        const answer = await fetch(`${url}/health/detail`, { signal: AbortSignal.timeout(2000) });
        return orderHealthReportSchema.parse(await answer.json());
      } catch {
        return undefined;
      }
    },
    async statusOf(path) {
      try {
        return (await fetch(`${url}${path}`, { signal: AbortSignal.timeout(10_000) })).status;
      } catch {
        return undefined;
      }
    },
    pid: () => current().pid,
    log: () => last?.log() ?? "",
  };
}
