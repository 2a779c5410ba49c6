// See tell-mutants.ts; also `bun run chaos -- mutants`.
import { parseArgs } from "node:util";
import { tellMutants } from "./tell-mutants.ts";

const { values } = parseArgs({
  options: {
    tier: { type: "string", default: "ci" },
    seed: { type: "string", default: "1" },
    only: { type: "string", multiple: true },
    sim: { type: "boolean", default: false },
    real: { type: "boolean", default: false },
  },
});
const code = await tellMutants({ ...values, only: values.only, seed: Number(values.seed) });
// The native client's threads would keep the process for a while.
process.exit(code);
