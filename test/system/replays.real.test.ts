import { describeReplays } from "./replays.spec.ts";
import { runOnRealParts } from "./run-on-parts.ts";

runOnRealParts("replays of dead letters", describeReplays, { DLQ_MAX_RETRIES: "0", DLQ_EDIT: "on" });
