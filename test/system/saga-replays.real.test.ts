import { runOnRealParts } from "./run-on-parts.ts";
import { describeSagaReplays, sagaReplaySettings } from "./saga-replays.spec.ts";

runOnRealParts("replays of system C's decisions", describeSagaReplays, sagaReplaySettings);
