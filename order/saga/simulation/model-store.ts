// The saga store's promises as a model: synchronous, so that a simulated machine decides when each call happens and whether
// its answer arrives. The suites of ../store show that the real stores keep them.
import type { Saga } from "../domain/saga.ts";
import type { KeyedRequest, OutboxRow, SagaClaim, SagaSaveOutcome, SagaWrite } from "../store/saga-store.ts";
import type { OutboxState } from "../store/saga-store.ts";

/** Broken on purpose, to show that the checker sees it. */
export type StoreFlaw =
  | "no-version-guard"
  | "progress-is-forgotten"
  | "results-stay-at-home"
  | "keys-are-forgotten";

interface ModelOutbox {
  nextSeq: number;
  publishedSeq: number;
  ends: Readonly<Record<string, number>>;
  owner: string | null;
  untilMs: number;
  rows: OutboxRow[];
}

export type ModelStore = ReturnType<typeof createModelStore>;

export function createModelStore(flaws: ReadonlySet<StoreFlaw>) {
  const sagas = new Map<number, Saga>();
  const sources = new Map<string, { epoch: number; nextOffset: number | null }>();
  const outboxes = new Map<string, ModelOutbox>();
  const requests = new Map<string, KeyedRequest>();
  let lastId = 0;

  function outboxOf(id: string): ModelOutbox {
    const known = outboxes.get(id);
    if (known !== undefined) return known;
    const made: ModelOutbox = { nextSeq: 1, publishedSeq: 0, ends: {}, owner: null, untilMs: 0, rows: [] };
    outboxes.set(id, made);
    return made;
  }

  function homeOf(write: SagaWrite, orderId: number | null): string {
    const changed = write.changes.some(({ saga }) => saga.orderId === orderId);
    const home = orderId === null || !changed ? null : (sagas.get(orderId)?.home ?? null);
    if (home === null || flaws.has("results-stay-at-home")) return write.outbox;
    return outboxOf(home.outbox).publishedSeq < home.seq ? home.outbox : write.outbox;
  }

  return {
    sagas,
    outboxes,
    claim(names: readonly string[]): readonly SagaClaim[] {
      return names.map((source) => {
        const row = sources.get(source) ?? { epoch: 0, nextOffset: null };
        row.epoch += 1;
        sources.set(source, row);
        return { source, ...row };
      });
    },
    readProgress: (names: readonly string[]): ReadonlyMap<string, number> =>
      new Map(
        names.flatMap((source) => {
          const nextOffset = sources.get(source)?.nextOffset ?? null;
          return nextOffset === null ? [] : [[source, nextOffset] as const];
        }),
      ),
    allocateOrderIds(count: number): readonly number[] {
      lastId += count;
      return Array.from({ length: count }, (_, index) => lastId - count + 1 + index);
    },
    load(orderIds: readonly number[]): Map<number, Saga> {
      return new Map(
        orderIds.flatMap((orderId) => {
          const saga = sagas.get(orderId);
          return saga === undefined ? [] : [[orderId, saga] as const];
        }),
      );
    },
    save(write: SagaWrite): SagaSaveOutcome {
      const fenced = write.progress.filter(({ source, epoch }) => sources.get(source)?.epoch !== epoch);
      if (fenced.length > 0) return { kind: "fenced", sources: fenced.map(({ source }) => source) };
      const conflicts = write.changes.filter(
        ({ saga, expectedVersion }) => (sagas.get(saga.orderId)?.version ?? 0) !== expectedVersion,
      );
      if (conflicts.length > 0 && !flaws.has("no-version-guard")) {
        return { kind: "conflicts", orderIds: conflicts.map(({ saga }) => saga.orderId) };
      }
      const taken = (write.requests ?? []).filter(({ key }) => requests.has(key));
      if (taken.length > 0) return { kind: "keys-taken", keys: taken.map(({ key }) => key) };
      if (!flaws.has("keys-are-forgotten")) {
        for (const request of write.requests ?? []) requests.set(request.key, request);
      }
      if (!flaws.has("progress-is-forgotten")) {
        for (const { source, nextOffset } of write.progress) {
          const row = sources.get(source);
          if (row !== undefined) row.nextOffset = Math.max(row.nextOffset ?? 0, nextOffset ?? 0);
        }
      }
      let lastSeq: number | null = null;
      const elsewhere = new Set<number>();
      const homes = new Map<number, number>();
      for (const message of write.messages) {
        const to = homeOf(write, message.orderId);
        const box = outboxOf(to);
        const seq = box.nextSeq;
        box.nextSeq += 1;
        box.rows.push({ ...message, seq, createdAtMs: 0 });
        const { orderId } = message;
        if (to === write.outbox) lastSeq = seq;
        else if (orderId !== null) elsewhere.add(orderId);
        if (orderId !== null && !homes.has(orderId)) homes.set(orderId, seq);
      }
      for (const { saga } of write.changes) {
        const home = sagas.get(saga.orderId)?.home ?? null;
        const seq = homes.get(saga.orderId);
        const made = saga.order !== null && seq !== undefined ? { outbox: write.outbox, seq } : null;
        sagas.set(saga.orderId, { ...saga, home: home ?? made });
      }
      return { kind: "saved", lastSeq, ...(elsewhere.size === 0 ? {} : { elsewhere: [...elsewhere] }) };
    },
    listDue(nowMs: number, limit: number): readonly Saga[] {
      return [...sagas.values()]
        .filter(({ deadlineAtMs }) => deadlineAtMs !== null && deadlineAtMs <= nowMs)
        .slice(0, limit);
    },
    read: (orderId: number): Saga | undefined => sagas.get(orderId),
    readRequest: (key: string): KeyedRequest | undefined => requests.get(key),
    leaseOutbox(
      id: string,
      owner: string,
      nowMs: number,
      untilMs: number,
    ): OutboxState | "leased by another" {
      const box = outboxOf(id);
      if (box.owner !== null && box.owner !== owner && box.untilMs > nowMs) return "leased by another";
      box.owner = owner;
      box.untilMs = untilMs;
      const { nextSeq, publishedSeq, ends } = box;
      return { id, nextSeq, publishedSeq, ends };
    },
    listAbandonedOutboxes: (nowMs: number): readonly string[] =>
      [...outboxes]
        .filter(
          ([, box]) => box.nextSeq - 1 > box.publishedSeq && (box.owner === null || box.untilMs <= nowMs),
        )
        .map(([id]) => id),
    readOutbox: (id: string, afterSeq: number, limit: number): readonly OutboxRow[] =>
      outboxOf(id)
        .rows.filter(({ seq }) => seq > afterSeq)
        .slice(0, limit),
    settleOutbox(id: string, publishedSeq: number, ends: Readonly<Record<string, number>>): void {
      const box = outboxOf(id);
      if (publishedSeq < box.publishedSeq) return;
      box.publishedSeq = publishedSeq;
      box.ends = ends;
      box.nextSeq = Math.max(box.nextSeq, publishedSeq + 1);
      box.rows = box.rows.filter(({ seq }) => seq > publishedSeq);
    },
    releaseOutbox(id: string, owner: string): void {
      const box = outboxOf(id);
      if (box.owner === owner) box.owner = null;
    },
  };
}
