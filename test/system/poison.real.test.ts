import { describePoison } from "./poison.spec.ts";
import { runOnRealParts } from "./run-on-parts.ts";

runOnRealParts("poison records", describePoison);
