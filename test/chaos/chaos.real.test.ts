// The CI tier of `bun run chaos`: kills at every named point and at random, a few faults of the catalogue and the mutants, under
// load on servers of its own; then each guarantee by its name. CHAOS_SEED chooses other turns: a change is judged by the same run
// before and after, and what other seeds find is the nightly tier's.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crashPoints } from "../../service/settings/order-settings.ts";
import { realEnvironmentAddresses } from "../system/real-environment.ts";
import { faultsOf } from "./catalogue.ts";
import { checkDirectory, type ChaosReport } from "./check-directory.ts";
import { findingKinds } from "./findings.ts";
import { saveMutants } from "./mutants/tell-mutants.ts";
import { reportText } from "./report-text.ts";
import { runChaos } from "./run-chaos.ts";
import { tiers } from "./tiers.ts";

const tier = tiers.ci;
const seed = Number(process.env["CHAOS_SEED"] ?? 6);
const faults = faultsOf(tier, seed);

describe.skipIf(realEnvironmentAddresses() === undefined)(`a run under load, seed ${seed}`, () => {
  const directory = mkdtempSync(join(tmpdir(), "orderwire-chaos-"));
  let report: ChaosReport;
  beforeAll(async () => {
    await runChaos({ ...tier, tier: "ci", seed, faults, directory });
    await saveMutants(directory, { tier: "ci", seed, onProgress: () => undefined });
    report = await checkDirectory(directory);
    // What a failure has to be looked at with.
    process.stdout.write(reportText(report));
  }, 580_000);
  afterAll(() => {
    if (report.findings.length === 0) rmSync(directory, { recursive: true });
  });

  const found = (kind: string) => report.findings.filter((finding) => finding.includes(`${kind}: `));

  test(`met work in flight with ${tier.kills} kills, and with one at every named point`, () => {
    expect(found("schedule")).toEqual([]);
    expect(report.kills.all).toBeGreaterThanOrEqual(tier.kills);
    for (const point of crashPoints)
      expect([point, report.kills.byPoint[point] ?? 0]).not.toEqual([point, 0]);
  });

  for (const kind of findingKinds) {
    if (kind === "schedule") continue;
    test(`has no finding of the kind: ${kind}`, () => {
      expect(found(kind)).toEqual([]);
    });
  }

  test("has an exact dead letter for each record that had to become one", () => {
    expect(report.deadLetters.exact).toBe(report.deadLetters.expected);
    expect(report.deadLetters.expected).toBeGreaterThan(100);
  });

  test("gave every answer that clients can get", () => {
    expect(report.orders.ok).toBeGreaterThanOrEqual(tier.orders);
    expect(report.orders.failed).toBeGreaterThan(0);
    expect(report.orders.unknown).toBeGreaterThan(0);
  });

  for (const { name } of faults) {
    test(`did what is expected of it: ${name}`, () => {
      const outcome = report.faults.find((fault) => fault.name === name);
      expect(outcome).toMatchObject({ bit: true, broken: [] });
    });
  }

  test("was checked by what catches every mutant that took its turn", () => {
    expect(report.mutants?.missed).toEqual([]);
    expect(report.findings).toEqual([]);
  });
});
