import { describeDeadLetters } from "./dead-letters.spec.ts";
import { runOnRealParts } from "./run-on-parts.ts";

runOnRealParts("retries and dead letters of systems A and B", describeDeadLetters, {
  SIMULATED_FAILURES: "on",
});
