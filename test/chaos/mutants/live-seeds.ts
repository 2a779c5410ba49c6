// `bun test/chaos/mutants/live-seeds.ts --world worker --seeds 300 --from 0`: lives of one simulator until one breaks a promise.
// Its last line is JSON: how many lives, and what was broken. Run with a mutant loaded: see preload.ts.
import { parseArgs } from "node:util";
import { runSagaSeed } from "../../../order/saga/simulation/run-saga-seed.ts";
import { runSeed } from "../../../order/worker/simulation/run-seed.ts";
import type { World } from "./mutant.ts";

const liveOf: Readonly<Record<World, (seed: number) => { readonly violation: string | undefined }>> = {
  worker: (seed) => runSeed(seed),
  "worker with replays": (seed) => runSeed(seed, { replays: true }),
  "busy worker": (seed) => runSeed(seed, { busy: true }),
  sagas: (seed) => runSagaSeed(seed),
};
const isWorld = (text: string): text is World => text in liveOf;

const { values } = parseArgs({
  options: {
    world: { type: "string", default: "worker" },
    seeds: { type: "string", default: "300" },
    from: { type: "string", default: "0" },
  },
});
const { world } = values;
if (!isWorld(world))
  throw new Error(`--world must be one of ${Object.keys(liveOf).join(", ")}, got "${world}"`);
const [from, count] = [Number(values.from), Number(values.seeds)];
let lives = 0;
let violation: string | undefined;
for (let seed = from; seed < from + count && violation === undefined; seed += 1) {
  violation = liveOf[world](seed).violation;
  lives += 1;
}
process.stdout.write(`${JSON.stringify({ lives, violation })}\n`);
