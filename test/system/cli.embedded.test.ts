import { describeCli } from "./cli.spec.ts";
import { runOnEmbeddedParts } from "./run-on-parts.ts";

runOnEmbeddedParts("a terminal alone", describeCli);
