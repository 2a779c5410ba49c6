import { describeDeadLetters } from "./dead-letters.spec.ts";
import { runOnEmbeddedParts } from "./run-on-parts.ts";

runOnEmbeddedParts("retries and dead letters of systems A and B", describeDeadLetters);
