// Creates over HTTP at full speed, by wrk, which costs the machine less than any client in this process would.
import { join } from "node:path";
import { runToEnd } from "../test/parts/run-to-end.ts";

const wrkScript = join(import.meta.dirname, "create.lua");

export function requireWrk(): void {
  if (Bun.which("wrk") === null) throw new Error("wrk was not found: install it (Debian: apt install wrk).");
}

/** Of the service at this address: it says that it is ready for requests. */
export async function untilReady(url: string, betweenMs = 50): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  for (;;) {
    const well = await fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (well) return;
    if (performance.now() > deadlineMs) throw new Error(`${url} was not ready within a minute`);
    await Bun.sleep(betweenMs);
  }
}

interface WrkFigures {
  readonly requests: number;
  readonly durationMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly broken: number;
  readonly refused: number;
}

/** Throws when a create was refused or a connection broke. */
export async function load(
  url: string,
  connections: number,
  seconds: number,
  prefix: string,
): Promise<WrkFigures> {
  const command = [
    "wrk",
    "--threads",
    "1",
    "--connections",
    String(connections),
    "--duration",
    `${seconds}s`,
  ];
  const printed = await runToEnd([...command, "--timeout", "10s", "--script", wrkScript, url], {
    env: { BENCH_ORDER_PREFIX: prefix },
  });
  const line = /^FIGURES (.*)$/m.exec(printed)?.[1];
  if (line === undefined) throw new Error(`wrk printed no figures:\n${printed}`);
  // Written by create.lua in this form.
  const figures: WrkFigures = JSON.parse(line);
  if (figures.broken + figures.refused > 0) {
    throw new Error(`${figures.refused} creates were refused and ${figures.broken} connections broke`);
  }
  return figures;
}
