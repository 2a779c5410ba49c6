// What a record that the suite wrote is meant to be. Its writer puts it into a header that order knows nothing of, so the
// checker needs no code of the product to tell what should have become of it.
import type { RecordHeader } from "../../kafka/record.ts";

export type Intent =
  | {
      readonly kind: "create";
      readonly system: "A" | "B";
      readonly status: string;
      readonly eventId: string | null;
    }
  | { readonly kind: "status"; readonly system: "A" | "B"; readonly status: string }
  /** One dead letter, with one of these reason codes; with any where there is none. */
  | { readonly kind: "poison"; readonly reasons?: readonly string[] };

export const intentHeader = "suite-intent";

/** A record as it is to be written, by anyone and past cart. */
export interface PlannedRecord {
  readonly topic: "orders" | "statusUpdates";
  /** Left out: chosen by the key, as Java producers do. */
  readonly partition?: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** With the one that says what it is meant to be: `intentAs`. */
  readonly headers: readonly RecordHeader[];
  /** Milliseconds since the epoch; left out: now. */
  readonly timestampMs?: number;
}

export function intentAs(intent: Intent): RecordHeader {
  return [intentHeader, Buffer.from(JSON.stringify(intent))];
}
