// The suites that ask the product from outside (`*.peer.test.ts`): a fuzzer in Python, the typed client in Node, Deno and a
// browser. What a machine lacks is named and its tests are skipped aloud, or fail where the parts are required.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runToEnd } from "../test/parts/run-to-end.ts";
import { findChromium } from "./browser-lane.ts";
import { addLanes, emptyLane, laneWithout, type LaneResult } from "./lane.ts";
import { preparePython } from "./python-environment.ts";
import { runSuites } from "./suite-process.ts";

export interface PeersLaneOptions {
  readonly root: string;
  readonly required: boolean;
}

/** A program that suites find by an environment variable; `find` gives its path, or one sentence that says what to do. */
interface Peer {
  readonly variable: string;
  readonly find: (root: string) => Promise<Found>;
}
type Found = { readonly path: string } | { readonly reason: string };

const suiteEndsWithinMs = 300_000;
const denoRelease = "deno@2.9.6";

const peers: readonly Peer[] = [
  {
    variable: "PEER_PYTHON",
    async find(root) {
      const python = await preparePython(join(root, "test", "conformance", "requirements.txt"));
      return python.ok ? { path: python.python } : { reason: python.reason };
    },
  },
  {
    variable: "PEER_NODE",
    find: async () => orReason(Bun.which("node"), "Node was not found: install nodejs."),
  },
  { variable: "PEER_DENO", find: findDeno },
  {
    variable: "PEER_CHROMIUM",
    find: async () => orReason(findChromium(), "Chromium was not found: install chromium."),
  },
];

export async function runPeersLane(
  files: readonly string[],
  { root, required }: PeersLaneOptions,
): Promise<LaneResult> {
  if (files.length === 0) return emptyLane;
  const texts = files.map((file) => readFileSync(join(root, file), "utf8")).join();
  const environment: Record<string, string> = {};
  const missing: string[] = [];
  for (const { variable, find } of peers.filter((peer) => texts.includes(peer.variable))) {
    const found = await find(root);
    if ("path" in found) environment[variable] = found.path;
    else missing.push(found.reason);
  }
  const suites = await runSuites(files, { root, environment, endsWithinMs: suiteEndsWithinMs });
  return addLanes([laneWithout("peer suites", missing, required), suites]);
}

/** From npm, kept by Bun between runs: 130 MB that only this lane needs, so no dependency of the product. */
async function findDeno(): Promise<Found> {
  try {
    const asked = await runToEnd([
      process.execPath,
      "x",
      denoRelease,
      "eval",
      "console.log(Deno.execPath())",
    ]);
    return orReason(asked.trim().split("\n").at(-1), `${denoRelease} did not say where it is.`);
  } catch {
    return { reason: `${denoRelease} could not be fetched from your npm registry.` };
  }
}

function orReason(path: string | null | undefined, reason: string): Found {
  return path === null || path === undefined || path === "" ? { reason } : { path };
}
