import { describePoison } from "./poison.spec.ts";
import { runOnEmbeddedParts } from "./run-on-parts.ts";

runOnEmbeddedParts("poison records", describePoison);
