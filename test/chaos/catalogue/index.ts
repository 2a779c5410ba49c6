// The catalogue of faults: every row of the table and every poison record at least once (rows.ts), and what this machine cannot
// bring about, each with the reason.
import type { Fault } from "../fault.ts";
import { breakerFaults } from "./breaker-faults.ts";
import { brokerFaults } from "./broker-faults.ts";
import { consumerFaults } from "./consumer-faults.ts";
import { deadLetterFaults } from "./dead-letter-faults.ts";
import { diskFaults, lockedFaults } from "./disk-faults.ts";
import { joinFaults } from "./join-faults.ts";
import { poisonFaults } from "./poison-faults.ts";
import { producerFaults, rightFaults } from "./producer-faults.ts";
import { registryFaults } from "./registry-faults.ts";
import { replayFaults } from "./replay-faults.ts";
import { slowStoreFaults } from "./slow-store.ts";
import { whyNoSmallDisk } from "./small-disk.ts";
import { storeFaults } from "./store-faults.ts";
import { unreadableBatchFaults } from "./unreadable-batch.ts";

export interface Catalogue {
  readonly faults: readonly Fault[];
  /** Sentences, one for each fault that is left out here. */
  readonly skipped: readonly string[];
}

/** Whatever the machine: for lists and tests. */
export const allFaults: readonly Fault[] = [
  ...consumerFaults,
  ...brokerFaults,
  ...producerFaults,
  ...rightFaults,
  ...registryFaults,
  ...storeFaults,
  ...lockedFaults,
  ...diskFaults,
  ...slowStoreFaults,
  ...deadLetterFaults,
  ...breakerFaults,
  ...replayFaults,
  ...joinFaults,
  ...poisonFaults,
  ...unreadableBatchFaults,
];

/** What can be brought about here. */
export function readCatalogue(): Catalogue {
  const missing: readonly (readonly [faults: readonly Fault[], reason: string | undefined])[] = [
    [diskFaults, whyNoSmallDisk()],
    [rightFaults, Bun.which("openssl") === null ? "openssl was not found" : undefined],
    [unreadableBatchFaults, Bun.which("python3") === null ? "Python was not found" : undefined],
  ];
  const left = new Map(
    missing.flatMap(([faults, reason]) =>
      reason === undefined ? [] : faults.map((fault) => [fault, reason] as const),
    ),
  );
  return {
    faults: allFaults.filter((fault) => !left.has(fault)),
    skipped: [...left].map(([{ name }, reason]) => `${name}: ${reason}`),
  };
}
