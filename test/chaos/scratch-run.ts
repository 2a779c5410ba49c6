// scratch: runs faults by name on stages of their own
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startParts } from "../parts/parts.ts";
import { readCatalogue } from "./catalogue/index.ts";
import { openStage } from "./open-stage.ts";

const names = process.argv.slice(2);
const { faults, skipped } = readCatalogue();
for (const line of skipped) console.log("SKIPPED", line);
const parts = await startParts({ kafka: { heapMb: 512 } });
try {
  for (const name of names) {
    const fault = faults.find((one) => one.name === name);
    if (fault === undefined) {
      console.log("no such fault", name);
      continue;
    }
    const needs = fault.ownStage;
    const startedAt = performance.now();
    const directory = mkdtempSync(join(tmpdir(), "chaos-scratch-"));
    let stage;
    try {
      stage = await openStage({
        parts,
        directory,
        seed: 7,
        instances: needs?.orders ?? 1,
        ordersPerSecond: needs?.ordersPerSecond ?? 100,
        sagasPerSecond: 0,
        ...(needs?.environment === undefined ? {} : { environment: needs.environment }),
        ...(needs?.store === undefined ? {} : { store: needs.store }),
      });
      if ((needs?.ordersPerSecond ?? 100) > 0) stage.load.resume();
      const openMs = performance.now() - startedAt;
      console.log(
        `  .. ${name} opened in ${Math.round(openMs)} ms ${new Date().toISOString().slice(14, 19)}`,
      );
      const report = await fault.run(stage);
      const bad = report.expectations.filter(({ held }) => !held);
      console.log(
        `${bad.length === 0 && report.bit ? "ok  " : "BAD "} ${name} bit=${report.bit} recovered=${Math.round(report.recoveredMs ?? -1)} ms, ${report.expectations.length} expectations, ${((performance.now() - startedAt - openMs) / 1000).toFixed(1)} s`,
      );
      for (const one of bad) console.log("    NOT HELD:", one.what, "|", one.detail);
      if (bad.length > 0 || !report.bit || process.env["LOGS"])
        for (const slot of [stage.cart, ...stage.orders])
          console.log(
            slot
              .log()
              .split("\n")
              .slice(-12)
              .map((l) => `      ${slot.name} ${l.slice(0, 300)}`)
              .join("\n"),
          );
      if (needs?.account !== "own" && !process.env["NOACCOUNT"]) {
        await stage.restore();
        const unsettled = await stage.settle(60_000);
        if (unsettled !== undefined) console.log("    UNSETTLED", unsettled.slice(0, 600));
        const stops = await stage.finish();
        for (const s of stops) console.log("    STOP", s.slice(0, 300));
        try {
          const { checkRun } = await import("./check-run.ts");
          const { retryDelaysMs } = await import("./open-stage.ts");
          const { sourceOf } = await import("./check-run.ts");
          const result = await (checkRun as any)(sourceOf(directory), { retryDelaysMs });
          const findings = result.findings;
          console.log(
            `    ${((performance.now() - startedAt) / 1000).toFixed(1)} s in all; account:`,
            JSON.stringify(findings).slice(0, 1500),
          );
        } catch (error) {
          console.log("    account could not be checked:", String(error).slice(0, 300));
        }
      }
    } catch (error) {
      console.log("THREW", name, error instanceof Error ? error.stack?.slice(0, 900) : error);
      if (stage)
        for (const slot of [stage.cart, ...stage.orders])
          console.log(
            slot
              .log()
              .split("\n")
              .slice(-8)
              .map((l) => `      ${slot.name} ${l.slice(0, 300)}`)
              .join("\n"),
          );
    } finally {
      await stage?.close().catch((e) => console.log("close:", String(e)));
    }
  }
} finally {
  await parts.close();
}
process.exit(0);
