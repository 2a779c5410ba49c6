import { runOnEmbeddedParts } from "./run-on-parts.ts";
import { describeSagaReplays, sagaReplaySettings } from "./saga-replays.spec.ts";

runOnEmbeddedParts("replays of system C's decisions", describeSagaReplays, sagaReplaySettings);
