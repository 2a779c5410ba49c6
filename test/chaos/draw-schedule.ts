// Promises the schedule of a run, decided by the seed: which instance ends when and how, with the faults of the catalogue evenly
// between. Pure.
import type { Settings } from "../../service/settings.ts";
import { crashPoints } from "../../service/settings/order-settings.ts";
import type { Fault } from "./fault.ts";
import { createRandom, type Random, seedFor } from "./random.ts";

export type CrashPoint = NonNullable<Settings["CRASH_AT"]>;

export type Disturbance =
  /** The process ends, by SIGKILL or when asked to; the next one kills itself at the point. */
  | {
      readonly kind: "crash";
      readonly slot: number;
      readonly point: CrashPoint;
      readonly first: "kill" | "leave";
    }
  | { readonly kind: "kill"; readonly slot: number }
  | { readonly kind: "kill-cart" }
  /** Shorter than the session. */
  | { readonly kind: "freeze"; readonly slot: number; readonly forMs: number }
  | { readonly kind: "fault"; readonly fault: Fault };

export interface ScheduleOptions {
  readonly seed: number;
  readonly kills: number;
  readonly instances: number;
  readonly faults: readonly Fault[];
}

/** It takes a backlog of two whole batches on one instance: once in a hundred kills. */
const rarePoint: CrashPoint = "after-draft";
const commonPoints = crashPoints.filter((point) => point !== rarePoint);

/** Every point at least once where there are kills enough; half of the kills are at points, one in thirty is cart's. */
export function drawSchedule({ seed, kills, instances, faults }: ScheduleOptions): readonly Disturbance[] {
  const random = createRandom(seedFor(seed, "schedule"));
  const slot = () => random.below(instances);
  const ofCart = Math.floor(kills / 30) + (kills > crashPoints.length ? 1 : 0);
  const atPoints = Math.min(kills - ofCart, Math.max(crashPoints.length, Math.ceil((kills - ofCart) / 2)));
  const atRandom = kills - ofCart - atPoints;
  const drawn: Disturbance[] = [];
  for (let index = 0; index < atPoints; index += 1) {
    const point = pointAt(index, kills);
    // Most kills at random come before one at a point: then the restart serves both.
    drawn.push({ kind: "crash", slot: slot(), point, first: index < atRandom ? "kill" : "leave" });
  }
  for (let index = atPoints; index < atRandom; index += 1) drawn.push({ kind: "kill", slot: slot() });
  for (let index = 0; index < ofCart; index += 1) drawn.push({ kind: "kill-cart" });
  for (let index = 0; index < Math.ceil(kills / 15); index += 1)
    drawn.push({ kind: "freeze", slot: slot(), forMs: random.between(500, 4000) });
  return spread(random.shuffled(drawn), faults, random);
}

function pointAt(index: number, kills: number): CrashPoint {
  const rare = kills < crashPoints.length ? 0 : Math.ceil(kills / 100);
  if (index < rare) return rarePoint;
  return commonPoints[(index - rare) % commonPoints.length] ?? "after-poll";
}

function spread(
  disturbances: readonly Disturbance[],
  faults: readonly Fault[],
  random: Random,
): readonly Disturbance[] {
  const ordered: Disturbance[] = [...disturbances];
  for (const [index, fault] of random.shuffled(faults).entries()) {
    const place = Math.round(((index + 0.5) / faults.length) * disturbances.length) + index;
    ordered.splice(place, 0, { kind: "fault", fault });
  }
  return ordered;
}

export type ProcessDisturbance = Exclude<Disturbance, { kind: "fault" }>;

/** What is done at one time: a fault alone, or what happens to each process, side by side. */
export type SchedulePart =
  | { readonly kind: "fault"; readonly fault: Fault }
  | { readonly kind: "processes"; readonly lanes: readonly (readonly ProcessDisturbance[])[] };

/** A point that needs a stage to itself is a part of its own. */
export function inParts(schedule: readonly Disturbance[]): readonly SchedulePart[] {
  const parts: SchedulePart[] = [];
  let gathered: ProcessDisturbance[] = [];
  function close(): void {
    if (gathered.length > 0) {
      const lanes = Map.groupBy(gathered, (one) => ("slot" in one ? one.slot : "cart"));
      parts.push({ kind: "processes", lanes: [...lanes.values()] });
    }
    gathered = [];
  }
  for (const disturbance of schedule) {
    const isAlone =
      disturbance.kind === "fault" || (disturbance.kind === "crash" && disturbance.point === rarePoint);
    if (!isAlone) {
      gathered.push(disturbance);
      continue;
    }
    close();
    parts.push(disturbance.kind === "fault" ? disturbance : { kind: "processes", lanes: [[disturbance]] });
  }
  close();
  return parts;
}
