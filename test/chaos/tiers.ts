// How large a run is: a few minutes for CI, an hour at night, and the one that is recorded for a release.

export interface Tier {
  readonly orders: number;
  /** Orders of system C. */
  readonly sagas: number;
  readonly kills: number;
  readonly instances: number;
  readonly ordersPerSecond: number;
  /** `turns`: a few of the quick ones, others each day; `all`: every one. */
  readonly faults: "turns" | "all";
}

export const tierNames = ["ci", "nightly", "release"] as const;
export type TierName = (typeof tierNames)[number];

export const tiers: Readonly<Record<TierName, Tier>> = {
  ci: { orders: 20_000, sagas: 400, kills: 20, instances: 2, ordersPerSecond: 250, faults: "turns" },
  nightly: {
    orders: 1_000_000,
    sagas: 50_000,
    kills: 500,
    instances: 3,
    ordersPerSecond: 300,
    faults: "all",
  },
  release: {
    orders: 1_000_000,
    sagas: 50_000,
    kills: 300,
    instances: 3,
    ordersPerSecond: 700,
    faults: "all",
  },
};
