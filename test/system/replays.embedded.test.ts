import { describeReplays } from "./replays.spec.ts";
import { runOnEmbeddedParts } from "./run-on-parts.ts";

runOnEmbeddedParts("replays of dead letters", describeReplays, { DLQ_MAX_RETRIES: "0", DLQ_EDIT: "on" });
