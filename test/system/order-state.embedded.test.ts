import { describeOrderState } from "./order-state.spec.ts";
import { runOnEmbeddedParts } from "./run-on-parts.ts";

runOnEmbeddedParts("the feed of states", describeOrderState);
