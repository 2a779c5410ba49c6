// Every fault that a run may draw, and which of them a tier takes.
import type { Fault } from "./fault.ts";
import { readCatalogue } from "./catalogue/index.ts";
import type { Tier } from "./tiers.ts";

/** `skippedFaults`: what this machine cannot bring about, one sentence each. */
export const { faults: catalogue, skipped: skippedFaults } = readCatalogue();

/** So many quick ones take their turn in CI. */
const perTurn = 3;

/** The seed decides whose turn it is. */
export function faultsOf({ faults }: Pick<Tier, "faults">, seed: number): readonly Fault[] {
  if (faults === "all") return catalogue;
  const quick = catalogue.filter(({ pace }) => pace === "quick");
  return Array.from(
    { length: Math.min(perTurn, quick.length) },
    (_, index) => quick[(seed * perTurn + index) % quick.length],
  ).filter((fault) => fault !== undefined);
}
