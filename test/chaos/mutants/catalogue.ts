// All mutants.
import { cartMutants } from "./cart-mutants.ts";
import { effectMutants } from "./effect-mutants.ts";
import { letterMutants } from "./letter-mutants.ts";
import type { Mutant } from "./mutant.ts";
import type { Provocation } from "./provocation.ts";
import { sagaMutants } from "./saga-mutants.ts";
import { workerMutants } from "./worker-mutants.ts";

export const mutants: readonly Mutant<Provocation>[] = [
  ...workerMutants,
  ...effectMutants,
  ...letterMutants,
  ...cartMutants,
  ...sagaMutants,
];
