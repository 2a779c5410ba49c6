// `bun run test`: everything that a change must pass, in a fresh clone too. Lanes run one after another, and the last line
// is `N passed, N failed` over all of them; what did not run is named before it.
//
//   bun run test                 all lanes
//   bun run test -- unit         one lane: check, unit, browser, peers or real
//   bun run test -- order/store  the suites whose path contains the text
import { join } from "node:path";
import { addLanes, emptyLane, type LaneResult } from "./lane.ts";
import { buildNativeClient, fetchApiViewer, installPackages } from "./prepare.ts";
import { runSuites } from "./suite-process.ts";

const laneNames = ["check", "unit", "browser", "peers", "real"] as const;
type LaneName = (typeof laneNames)[number];

const root = join(import.meta.dirname, "..");
const required = process.env["REQUIRE_REAL_PARTS"] === "1";
const suiteEndsWithinMs = 300_000;

const parameters = process.argv.slice(2).filter((parameter) => parameter !== "--");
const isLane = (text: string): text is LaneName => laneNames.some((name) => name === text);
const chosen = parameters.filter(isLane);
const pathFilters = parameters.filter((parameter) => !isLane(parameter));
const suites = findSuites(pathFilters);

process.exitCode = await main();

async function main(): Promise<number> {
  const startedAt = performance.now();
  const results: LaneResult[] = [];
  try {
    await installPackages();
    if (chosen.length === 0 || chosen.some((name) => name !== "check"))
      results.push(await lane("native client", buildClient));
    if (wants("check") && pathFilters.length === 0) results.push(await lane("check", runCheck));
    if (wants("unit")) results.push(await lane("unit and embedded suites", runUnit));
    if (wants("browser")) results.push(await lane("browser suites", runBrowser));
    if (wants("peers")) results.push(await lane("peer suites", runPeers));
    if (wants("real")) results.push(await lane("real parts", runReal));
  } catch (error) {
    results.push({ ...emptyLane, failures: [error instanceof Error ? error.message : String(error)] });
  }
  return summarise(addLanes(results), performance.now() - startedAt);
}

function wants(name: LaneName): boolean {
  return chosen.length === 0 || chosen.includes(name);
}

/** A lane that breaks is one failure, and the others still run. */
async function lane(name: string, run: () => Promise<LaneResult>): Promise<LaneResult> {
  process.stdout.write(`\n== ${name}\n`);
  const result = await run().catch((error: unknown): LaneResult => ({
    ...emptyLane,
    failures: [`${name}: ${String(error)}`],
  }));
  if (result === emptyLane) return result;
  const skipped = result.skipped.length === 0 ? "" : `, ${result.skipped.length} skipped`;
  process.stdout.write(`${name}: ${result.passed} passed, ${result.failures.length} failed${skipped}\n`);
  return result;
}

/** Counts nothing when it works; a failure when it does not, for without it half of the suites would say the same. */
async function buildClient(): Promise<LaneResult> {
  await Promise.all([buildNativeClient(), fetchApiViewer()]);
  return emptyLane;
}

async function runCheck(): Promise<LaneResult> {
  const { runGates } = await import("./check.ts");
  const gates = await runGates();
  return {
    ...emptyLane,
    passed: gates.filter(({ passed }) => passed).length,
    failures: gates.filter(({ passed }) => !passed).map(({ name }) => `check: ${name}`),
  };
}

function runUnit(): Promise<LaneResult> {
  return runSuites(suites.unit, { root, environment: {}, endsWithinMs: suiteEndsWithinMs });
}

async function runReal(): Promise<LaneResult> {
  const { runRealLane } = await import("./real-parts-lane.ts");
  return runRealLane(suites.real, { root, required });
}

async function runBrowser(): Promise<LaneResult> {
  const { runBrowserLane } = await import("./browser-lane.ts");
  return runBrowserLane(suites.browser, { root, required });
}

async function runPeers(): Promise<LaneResult> {
  const { runPeersLane } = await import("./peers-lane.ts");
  return runPeersLane(suites.peers, { root, required });
}

function findSuites(filters: readonly string[]): Record<"unit" | "browser" | "peers" | "real", string[]> {
  const files = [...new Bun.Glob("**/*.test.{ts,tsx}").scanSync({ cwd: root })]
    .filter((file) => !file.split("/").includes("node_modules"))
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .sort();
  return {
    unit: files.filter((file) => !/\.(?:real|browser|peer)\.test\.tsx?$/.test(file)),
    browser: files.filter((file) => /\.browser\.test\.tsx?$/.test(file)),
    peers: files.filter((file) => /\.peer\.test\.tsx?$/.test(file)),
    real: files.filter((file) => /\.real\.test\.tsx?$/.test(file)),
  };
}

/** Prints the names and the last line; gives the exit code. */
function summarise({ passed, failures, skipped }: LaneResult, elapsedMs: number): number {
  const lines = [
    "",
    ...skipped.map((name) => `SKIPPED ${name}`),
    ...failures.map((name) => `FAILED ${name}`),
    `Bun ${Bun.version} on ${process.platform} ${process.arch}, ${(elapsedMs / 1000).toFixed(0)} s`,
    ...(passed + failures.length === 0 ? ["No test ran."] : []),
    `${passed} passed, ${failures.length} failed`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return failures.length > 0 || passed === 0 ? 1 : 0;
}
