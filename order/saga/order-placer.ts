// Writes new orders, those that wait together, and knows of each what became of it: on its topic, stored, perhaps stored, or
// certainly not.
import { backoffMs, type Backoff } from "../../service/backoff.ts";
import type { Clock } from "../../service/clock.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { createWaitingRoom } from "../worker/waiting-room.ts";
import type { Saga, SagaHome, SagaLine } from "./domain/saga.ts";
import { placeOrder } from "./domain/transitions.ts";
import { beginEvolution, type Evolution, type ReplayOf } from "./evolution.ts";
import { groupPlacements } from "./group-placements.ts";
import type { SagaOutbox } from "./saga-outbox.ts";
import type { SagaWriter } from "./saga-writer.ts";
import type { KeyedRequest, SagaStore } from "./store/saga-store.ts";

export interface OrderToPlace {
  readonly customerId: string;
  readonly items: readonly SagaLine[];
  /** The Idempotency-Key that it came with, and the SHA-256 of what was asked for. */
  readonly keyed: { readonly key: string; readonly fingerprint: string } | undefined;
  readonly expiresAtMs: number;
}

export type PlaceOutcome =
  /** Stored, and its NEW is on its topic. */
  | { readonly kind: "placed"; readonly orderId: number }
  /** Stored, and its NEW will be on its topic. */
  | { readonly kind: "stored"; readonly orderId: number }
  /** It may be stored, under this id; then its NEW will be on its topic. */
  | { readonly kind: "unknown"; readonly orderId: number }
  /** Another order has its Idempotency-Key, or this one has it from an attempt before. */
  | { readonly kind: "key-taken" }
  | { readonly kind: "nothing"; readonly reason: string };

export interface OrderPlacer {
  /** Answers when `expiresAtMs` has come, at the latest. */
  place(order: OrderToPlace): Promise<PlaceOutcome>;
  /** Whether an order's NEW is on its topic, at `expiresAtMs` at the latest. Rejects with StoreUnavailable. */
  published(home: SagaHome, expiresAtMs: number): Promise<boolean>;
  stop(): Promise<void>;
}

export interface OrderPlacerOptions {
  readonly store: Pick<SagaStore, "allocateOrderIds" | "load" | "readOutbox">;
  readonly writer: SagaWriter;
  readonly outbox: Pick<SagaOutbox, "id" | "blockedBy" | "published">;
  readonly windowMs: number;
  readonly clock: Clock;
  readonly replayOf?: ReplayOf | undefined;
  /** Orders that wait for their turn; more are refused. Default: 5,000. */
  readonly maxWaiting?: number;
}

interface Waiting {
  readonly order: OrderToPlace;
  orderId: number | undefined;
  /** Perhaps written already. */
  doubtful: boolean;
  stored: boolean;
  answered: boolean;
  readonly resolve: (outcome: PlaceOutcome) => void;
}

const maxBatchSize = 500;
const publishedPollMs = 50;
const retryBackoff: Backoff = { firstMs: 100, maxMs: 1000 };

export function createOrderPlacer(options: OrderPlacerOptions): OrderPlacer {
  const { store, writer, outbox, windowMs, clock, replayOf, maxWaiting = 5000 } = options;
  const room = createWaitingRoom(clock);
  let queue: Waiting[] = [];
  let running: Promise<void> | undefined;
  let stopped = false;

  function wake(): void {
    if (running !== undefined || queue.length === 0) return;
    // In a turn of its own, so that orders of one moment come together.
    running = Promise.resolve()
      .then(placeAll)
      .finally(() => {
        running = undefined;
        wake();
      });
  }

  async function placeAll(): Promise<void> {
    while (queue.length > 0) {
      const nowMs = clock.nowMs();
      const next = queue.splice(0, maxBatchSize).filter(({ order }) => order.expiresAtMs > nowMs);
      const { batch, repeats } = groupPlacements(next);
      if (batch.length > 0) await placeBatch(batch);
      for (const { waiting, first } of repeats) {
        if (first.stored) waiting.resolve({ kind: "key-taken" });
        else queue.unshift(waiting);
      }
    }
  }

  async function placeBatch(batch: readonly Waiting[]): Promise<void> {
    const fresh = batch.filter(({ orderId }) => orderId === undefined);
    try {
      const orderIds = await store.allocateOrderIds(fresh.length);
      fresh.forEach((waiting, index) => (waiting.orderId = orderIds[index]));
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      for (const { resolve } of fresh) {
        resolve({ kind: "nothing", reason: "The order store cannot be reached." });
      }
    }
    // Who was told meanwhile that nothing has happened must be right.
    const identified = batch.filter(isIdentified).filter(({ answered }) => !answered);
    if (identified.length > 0) await writeUntilCertain(identified);
  }

  /** The ids are these orders' own, so that whatever is found under them was written by an attempt before. */
  async function writeUntilCertain(batch: readonly Identified[]): Promise<void> {
    let open = batch;
    for (let attempt = 1; !stopped && open.length > 0; attempt += 1) {
      try {
        const taken = await writeOnce(open);
        // What has lost its key kept the others from being written too: they have their turn at once.
        open = taken === undefined ? [] : withoutTaken(open, taken);
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        if (open.every(({ order }) => order.expiresAtMs <= clock.nowMs())) return;
        await room.wait(backoffMs(retryBackoff, attempt));
      }
    }
  }

  function withoutTaken(batch: readonly Identified[], taken: ReadonlySet<string>): readonly Identified[] {
    return batch.filter(({ order: { keyed }, resolve }) => {
      const isTaken = keyed !== undefined && taken.has(keyed.key);
      if (isTaken) resolve({ kind: "key-taken" });
      return !isTaken;
    });
  }

  /** Answers the keys because of which nothing was written; undefined when all is. */
  async function writeOnce(batch: readonly Identified[]): Promise<ReadonlySet<string> | undefined> {
    const isRepeat = batch.some(({ doubtful }) => doubtful);
    for (const waiting of batch) waiting.doubtful = true;
    const written = await writer.write({
      progress: [],
      orderIds: batch.map(({ orderId }) => orderId),
      // New ids: there is nothing under them, except decisions that came before their order.
      ...(isRepeat ? {} : { expected: new Map() }),
      evolve: (known, nowMs) => evolvePlacements(batch, known, { nowMs, windowMs, replayOf }),
    });
    if (written.kind === "keys-taken") return new Set(written.keys);
    if (written.kind === "fenced") throw new Error("a placement claims no source");
    for (const waiting of batch) waiting.stored = true;
    const seq = written.lastSeq;
    const told = () => {
      for (const { resolve, orderId } of batch) resolve({ kind: "placed", orderId });
    };
    // Not waited for here: the next orders are written meanwhile. What was found is before it in the same outbox.
    if (seq !== null) void outbox.published(seq).then(told);
    else await tellFound(batch);
    return undefined;
  }

  /** Written by an attempt before: where their NEW is, the store knows. */
  async function tellFound(batch: readonly Identified[]): Promise<void> {
    const sagas = await store.load(batch.map(({ orderId }) => orderId));
    for (const { orderId, resolve } of batch) {
      const home = sagas.get(orderId)?.home ?? null;
      if (home !== null) void outbox.published(home.seq).then(() => resolve({ kind: "placed", orderId }));
    }
  }

  async function isPublished({ outbox: id, seq }: SagaHome): Promise<boolean> {
    const [row] = await store.readOutbox(id, seq - 1, 1);
    return row?.seq !== seq;
  }

  return {
    place(order) {
      const { blockedBy } = outbox;
      const refuse = (reason: string) => Promise.resolve({ kind: "nothing", reason } as const);
      if (stopped) return refuse("The service is stopping.");
      if (blockedBy !== undefined) return refuse(`Orders cannot be published now: ${blockedBy}.`);
      if (queue.length >= maxWaiting) return refuse("Too many orders wait already.");
      return new Promise((resolve) => {
        const waiting: Waiting = {
          order,
          orderId: undefined,
          doubtful: false,
          stored: false,
          answered: false,
          resolve(outcome) {
            cancel();
            waiting.answered = true;
            resolve(outcome);
          },
        };
        const cancel = clock.after(Math.max(0, order.expiresAtMs - clock.nowMs()), () =>
          waiting.resolve(overdue(waiting)),
        );
        queue.push(waiting);
        wake();
      });
    },
    async published(home, expiresAtMs) {
      if (home.outbox === outbox.id) {
        const waitMs = expiresAtMs - clock.nowMs();
        const { promise, resolve } = Promise.withResolvers<boolean>();
        const cancel = clock.after(Math.max(0, waitMs), () => resolve(false));
        void outbox.published(home.seq).then(() => resolve(true));
        return promise.finally(cancel);
      }
      // Of another instance's outbox the store knows, a moment later.
      while (!(await isPublished(home))) {
        if (stopped || clock.nowMs() >= expiresAtMs) return false;
        await room.wait(publishedPollMs);
      }
      return true;
    },
    async stop() {
      stopped = true;
      room.endAll();
      await running;
    },
  };
}

function evolvePlacements(
  batch: readonly Identified[],
  known: ReadonlyMap<number, Saga>,
  {
    nowMs,
    windowMs,
    replayOf,
  }: Pick<OrderPlacerOptions, "windowMs" | "replayOf"> & { readonly nowMs: number },
): Evolution {
  const evolution = beginEvolution(known, replayOf);
  const requests: KeyedRequest[] = [];
  for (const { orderId, order } of batch) {
    const { customerId, items, keyed } = order;
    evolution.step(orderId, (saga) => placeOrder(saga, { orderId, customerId, items }, nowMs, windowMs));
    const isNew = (known.get(orderId)?.order ?? null) === null;
    if (isNew && keyed !== undefined) requests.push({ ...keyed, orderId, requestedAtMs: nowMs });
  }
  return { ...evolution.end(), requests };
}

type Identified = Waiting & { readonly orderId: number };

function isIdentified(waiting: Waiting): waiting is Identified {
  return waiting.orderId !== undefined;
}

function overdue({ orderId, doubtful, stored }: Waiting): PlaceOutcome {
  if (orderId === undefined || !doubtful) {
    return { kind: "nothing", reason: "The order store did not answer in time." };
  }
  return stored ? { kind: "stored", orderId } : { kind: "unknown", orderId };
}
