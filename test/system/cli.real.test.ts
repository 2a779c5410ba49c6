import { describeCli } from "./cli.spec.ts";
import { runOnRealParts } from "./run-on-parts.ts";

runOnRealParts("a terminal alone", describeCli);
