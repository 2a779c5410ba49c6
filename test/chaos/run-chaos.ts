// Promises one whole run: servers, services, load, the schedule of kills and faults, settling, and the files that the checker reads.
import { join } from "node:path";
import { mkdirSync } from "node:fs";
import type { Part } from "../parts/part.ts";
import { type RealParts, startParts } from "../parts/parts.ts";
import { createDisturber, type Disturber } from "./disturb.ts";
import { drawSchedule, inParts } from "./draw-schedule.ts";
import { describeRun } from "./describe-run.ts";
import type { Fault, FaultReport } from "./fault.ts";
import { openStage, type OpenStage, retryDelaysMs } from "./open-stage.ts";
import { createRandom, seedFor } from "./random.ts";
import { type RunFacts, writeFacts } from "./run-files.ts";

export interface ChaosOptions {
  /** Name in the report: "ci", "nightly", "release", or of the mutant. */
  readonly tier: string;
  readonly seed: number;
  /** Creates that cart has to acknowledge; the load goes on until the schedule is through as well. */
  readonly orders: number;
  /** Orders of system C that have to be placed, over the same time. */
  readonly sagas: number;
  readonly kills: number;
  readonly faults: readonly Fault[];
  /** Order instances. */
  readonly instances: number;
  /** Of the common load while the schedule runs; afterwards as fast as it goes. */
  readonly ordersPerSecond: number;
  /** Where the files go. */
  readonly directory: string;
  /** Where the services are started from: a mutant's copy. Default: this checkout. */
  readonly checkout?: string;
  /** Default: servers of its own. Faults that need servers of their own start them in any case. */
  readonly parts?: RealParts;
  readonly onProgress?: (text: string, fraction: number) => void;
}

interface RunOptions extends ChaosOptions {
  readonly onStage: (name: string) => void;
}

const afterwardsPerSecond = 4000;
const sagasAfterwardsPerSecond = 400;
const standsStillForMs = 60_000;
const settlesWithinMs = 180_000;
/** A fault that did not bite is tried again. */
const mostAttempts = 3;

/** What was seen is in the files: check-directory.ts says what it means. Rejects when the run could not be carried out. */
export async function runChaos(options: ChaosOptions): Promise<void> {
  const { directory, seed, onProgress = () => undefined } = options;
  mkdirSync(directory, { recursive: true });
  const startedAtMs = Date.now();
  const parts = options.parts ?? (await startParts(partsOptions));
  /** Of the faults whose own stage came to its end and is to be checked. */
  const stages: string[] = [];
  const facts: Omit<RunFacts, "elapsedMs"> = {
    tier: options.tier,
    seed,
    startedAt: new Date(startedAtMs).toISOString(),
    ...(await describeRun(parts.postgres.url)),
    retryDelaysMs,
    orders: options.orders,
    sagas: options.sagas,
    kills: options.kills,
    instances: options.instances,
    stages,
  };
  const stage = await openStage({
    parts,
    directory,
    seed,
    instances: options.instances,
    ordersPerSecond: options.ordersPerSecond,
    sagasPerSecond: sagasPerSecondOf(options),
    checkout: options.checkout,
  });
  try {
    await runOn(
      stage,
      parts,
      { ...options, onStage: (name) => void (stages.includes(name) || stages.push(name)) },
      onProgress,
    );
  } finally {
    await stage.close();
    if (options.parts === undefined) await parts.close();
    await writeFacts(directory, { ...facts, elapsedMs: Date.now() - startedAtMs });
  }
}

/** As many as the orders' own rate allows meanwhile, and some in each short run. */
function sagasPerSecondOf({ orders, sagas, ordersPerSecond }: ChaosOptions): number {
  return sagas === 0 ? 0 : Math.max(5, (ordersPerSecond * sagas) / Math.max(orders, 1));
}

const partsOptions = { kafka: { heapMb: 1024, optimised: true } };

async function runOn(
  stage: OpenStage,
  parts: RealParts,
  options: RunOptions,
  onProgress: (text: string, fraction: number) => void,
): Promise<void> {
  const { seed, orders, sagas, kills, instances, faults } = options;
  const schedule = drawSchedule({ seed, kills, instances, faults });
  const disturber = createDisturber(stage);
  stage.load.resume();
  stage.sagas.resume();
  let done = 0;
  for (const part of inParts(schedule)) {
    const { ok } = stage.load.progress();
    if (ok >= orders) stage.load.setRate(options.ordersPerSecond / 4);
    if (part.kind === "fault") {
      onProgress(`${part.fault.name}; ${ok} orders`, (done / schedule.length) * 0.9);
      await carryOutFault(part.fault, stage, parts, options, disturber);
      done += 1;
      continue;
    }
    await disturber.carryOut(part.lanes, () => {
      done += 1;
      onProgress(`kills; ${stage.load.progress().ok} orders`, (done / schedule.length) * 0.9);
    });
  }
  await stage.restore();
  await disturber.recovered();
  stage.load.setRate(afterwardsPerSecond);
  stage.sagas.setRate(sagasAfterwardsPerSecond);
  onProgress("what is left of the orders", 0.9);
  noteAll(
    stage,
    await Promise.all([
      untilEnough(
        "cart went on taking orders",
        orders,
        () => stage.load.progress().ok,
        () => stage.cart.log(),
      ),
      untilEnough(
        "system C went on taking orders",
        sagas,
        () => stage.sagas.answered,
        () => stage.orders.map((slot) => slot.log()).join("\n"),
      ),
    ]),
  );
  onProgress("settling", 0.95);
  noteAll(stage, [await stage.settle(settlesWithinMs)]);
  onProgress("reading", 0.97);
  await stage.finish();
}

/** A sentence when nothing more has been taken for a minute. */
async function untilEnough(
  what: string,
  wanted: number,
  taken: () => number,
  log: () => string,
): Promise<string | undefined> {
  let before = taken();
  let movedAt = performance.now();
  while (before < wanted) {
    if (taken() > before) movedAt = performance.now();
    before = taken();
    if (performance.now() - movedAt > standsStillForMs)
      return `${what}: ${before} of ${wanted} after ${standsStillForMs / 1000} s without one; ${log()}`;
    await Bun.sleep(200);
  }
  return undefined;
}

function noteAll(stage: OpenStage, sentences: readonly (string | undefined)[]): void {
  for (const what of sentences) {
    if (what === undefined) continue;
    stage.record({ kind: "note", what: "expectation", expectations: [{ what, held: false }] });
  }
}

async function carryOutFault(
  fault: Fault,
  common: OpenStage,
  parts: RealParts,
  options: RunOptions,
  disturber: Disturber,
): Promise<void> {
  const { name, row } = fault;
  for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
    const { bit, expectations, recoveredMs } = await carriedOut(async () => {
      await common.restore();
      await Promise.all([common.cart, ...common.orders].map((slot) => slot.untilReady()));
      return fault.ownStage === undefined
        ? await fault.run(common)
        : await runOnItsOwn(fault, parts, options);
    });
    await restoreParts(parts);
    await common.noteAttempts();
    common.record({
      kind: "fault",
      what: name,
      row,
      bit,
      expectations,
      ...(recoveredMs === undefined ? {} : { recoveredMs }),
    });
    if (bit) break;
  }
  await common.restore();
  await disturber.recovered();
}

/** A fault that breaks itself is off like one whose expectation was not met, and the run goes on. */
async function carriedOut(carryOut: () => Promise<FaultReport>): Promise<FaultReport> {
  try {
    return await carryOut();
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { bit: true, expectations: [{ what: "it can be carried out", held: false, detail }] };
  }
}

/** Whatever became of a fault, the servers are there for the next one. */
async function restoreParts({ kafka, registry, postgres }: RealParts): Promise<void> {
  for (const part of [kafka, registry, postgres]) {
    part.resume();
    if (!isUp(part)) await part.restart();
  }
}

function isUp(part: Part): boolean {
  try {
    process.kill(part.pid(), 0);
    return true;
  } catch {
    return false;
  }
}

function hasStageToCheck({ ownStage }: Fault): boolean {
  return ownStage !== undefined && ownStage.account !== "own";
}

async function runOnItsOwn(fault: Fault, common: RealParts, options: RunOptions): Promise<FaultReport> {
  const { kafka, store, orders = 1, ordersPerSecond = 100, environment, isStarted } = fault.ownStage ?? {};
  const parts = kafka === undefined ? common : await startParts({ kafka });
  const seed = seedFor(options.seed, fault.name);
  const stage = await openStage({
    parts,
    directory: join(options.directory, fault.name),
    seed,
    instances: orders,
    ordersPerSecond,
    sagasPerSecond: 0,
    checkout: options.checkout,
    ...(environment === undefined ? {} : { environment }),
    ...(store === undefined ? {} : { store }),
    ...(isStarted === undefined ? {} : { isStarted }),
  });
  try {
    if (ordersPerSecond > 0) stage.load.resume();
    const report = await fault.run({ ...stage, random: createRandom(seed) });
    if (!hasStageToCheck(fault)) return report;
    await stage.restore();
    const unsettled = await stage.settle(settlesWithinMs);
    const stops = await stage.finish();
    options.onStage(fault.name);
    const expectations = [unsettled, ...stops].flatMap((what) =>
      what === undefined ? [] : [{ what, held: false }],
    );
    return { ...report, expectations: [...report.expectations, ...expectations] };
  } finally {
    await stage.close();
    if (parts !== common) await parts.close();
  }
}
