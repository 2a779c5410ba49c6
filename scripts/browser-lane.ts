// The suites that look at the console with a real browser (`*.browser.test.ts`). They run under Node, because that is what
// Playwright is made for: each is bundled into a folder of its own and run by Node's test runner. A machine without Chromium
// or Node skips them aloud, or fails where the parts are required.
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { emptyLane, laneWithout, type LaneResult } from "./lane.ts";
import { runSuites } from "./suite-process.ts";

export interface BrowserLaneOptions {
  readonly root: string;
  readonly required: boolean;
}

const suiteEndsWithinMs = 300_000;
const browsers = ["chromium", "chromium-browser", "google-chrome"];

export async function runBrowserLane(
  files: readonly string[],
  { root, required }: BrowserLaneOptions,
): Promise<LaneResult> {
  if (files.length === 0) return emptyLane;
  const chromium = findChromium();
  const node = Bun.which("node");
  const missing = [
    ...(chromium === null ? ["Chromium was not found: install chromium."] : []),
    ...(node === null ? ["Node was not found: install nodejs; Playwright runs on it."] : []),
  ];
  if (chromium === null || node === null) {
    return laneWithout("browser suites", missing, required);
  }
  const directory = mkdtempSync(join(tmpdir(), "orderwire-browser-"));
  try {
    symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
    await Bun.build({
      entrypoints: files.map((file) => join(root, file)),
      outdir: directory,
      naming: "[name].mjs",
      target: "node",
      external: ["playwright-core"],
    });
    return await runSuites(files, {
      root,
      environment: { BUN: process.execPath, CHROMIUM: chromium },
      endsWithinMs: suiteEndsWithinMs,
      command: (file, report) => [
        node,
        "--test",
        "--test-reporter=junit",
        `--test-reporter-destination=${report}`,
        "--test-reporter=spec",
        "--test-reporter-destination=stdout",
        join(directory, basename(file).replace(/\.ts$/, ".mjs")),
      ],
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export function findChromium(): string | null {
  const found = browsers.map((name) => Bun.which(name)).find((path) => path !== null);
  return process.env["CHROMIUM"] ?? found ?? null;
}
