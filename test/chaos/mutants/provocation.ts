// The real runs in which mutants are provoked, by name.
import { cartRuns } from "./cart-runs.ts";
import { eventRuns } from "./event-runs.ts";
import { sagaRuns } from "./saga-runs.ts";

export const provocations = { ...eventRuns, ...cartRuns, ...sagaRuns };

export type Provocation = keyof typeof provocations;
