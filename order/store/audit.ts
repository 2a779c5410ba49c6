// What operators have ordered, append-only: the order is written before anything is done about it, and how it ended is
// added afterwards, once. An entry without an end was being carried out when its process ended.

/** What an action was about: for `partitions.skip` topic, partition, fromOffset and toOffset; for `parked.…` topic, partition and offset. */
export type AuditTarget = Readonly<Record<string, string | number>>;

/** Texts must be well-formed Unicode without NUL: `append` throws a RangeError otherwise. */
export interface AuditOrder {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** The procedure that was called, such as `partitions.skip`. */
  readonly action: string;
  /** Who ordered it. */
  readonly actor: string;
  readonly target: AuditTarget;
  /** The operator's own words. */
  readonly reason: string;
}

/** How an action ended. */
export interface AuditEnd {
  readonly atMs: number;
  /** One sentence. */
  readonly result: string;
}

export interface AuditEntry extends AuditOrder {
  /** Later entries have greater ones; there may be gaps. */
  readonly id: number;
  readonly end: AuditEnd | null;
}

export interface Audit {
  /** Durable when it resolves with the entry's id. */
  append(order: AuditOrder): Promise<number>;
  /** Adds how it ended; the first end stands. */
  conclude(id: number, end: AuditEnd): Promise<void>;
  /** Newest first, of those before `beforeId`. */
  list(page: { readonly limit: number; readonly beforeId?: number }): Promise<readonly AuditEntry[]>;
}
