// The change feed as the contract asks for it, read from the store: so every instance can serve every reader, and one that
// comes back goes on where it was on whichever instance answers.
import type { OrderFeed } from "../../contract/ports.ts";
import { feedIsOff, type OrderFeedEvent } from "../../contract/order-feed.ts";
import { invalidRequest } from "../../contract/errors.ts";
import { failed, success } from "../../contract/result.ts";
import type { Stream, StreamRequest, Told } from "../../contract/streams.ts";
import type { Clock } from "../../service/clock.ts";
import type { OrderStore, StoredOrder } from "../store/order-store.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { whileStoreAnswers } from "../while-store-answers.ts";
import { isPlaceAfter, readPlaceWord } from "./change-place.ts";
import { type ChangedOrders, type ChangePlace, firstPlace } from "./order-changes.ts";
import { stateOnWire } from "./state-on-wire.ts";

export interface OrderFeedOptions {
  readonly store: Pick<OrderStore, "changes" | "readDetails">;
  /** Whether batches write their changes down. */
  readonly isOn: boolean;
  readonly clock: Clock;
  /** When the service stops. */
  readonly closing: AbortSignal;
}

const lookMs = 500;
/** Each of them looks twice a second. */
const maxReaders = 200;
/** Orders that are in memory for one reader. */
const maxOrders = 500;
/** Batches of one look. */
const maxBatches = 20;

export function createOrderFeed({ store, isOn, clock, closing }: OrderFeedOptions): OrderFeed {
  let readers = 0;

  async function* counted(stream: Stream<OrderFeedEvent>): Stream<OrderFeedEvent> {
    readers += 1;
    try {
      yield* stream;
    } finally {
      readers -= 1;
    }
  }

  /** One order's versions; it may not exist yet. */
  async function* ofOne(orderId: string, { lastEventId, signal }: StreamRequest): Stream<OrderFeedEvent> {
    let told = Number(/^[0-9]{1,15}$/.exec(lastEventId ?? "")?.[0] ?? 0);
    for await (const order of looks(signal, () => store.readDetails(orderId))) {
      if (order === undefined || order.version <= told) continue;
      told = order.version;
      yield tell(String(told), order);
    }
  }

  async function* ofAll(start: ChangePlace, missed: boolean, signal: AbortSignal): Stream<OrderFeedEvent> {
    let place = start;
    let isGone = false;
    if (missed) yield { id: place, event: { kind: "missed", count: null } };
    const look = async () => {
      const batches = await store.changes.after(place, maxBatches);
      // After it: what is forgotten between the two is told as missed, at worst needlessly.
      const oldest = batches.length === 0 || place === firstPlace ? undefined : await store.changes.oldest();
      return { batches, isCut: oldest !== undefined && isPlaceAfter(oldest, place) };
    };
    for await (const looked of looks(
      signal,
      look,
      ({ batches }) => !isGone && batches.length === maxBatches,
    )) {
      isGone = false;
      // A reader who is slower than orders change, until what comes next for it is no longer kept.
      if (looked?.isCut === true) yield { id: place, event: { kind: "missed", count: null } };
      for (const batch of looked?.batches ?? []) {
        const told = yield* tellBatch(place, batch);
        // The store has gone: the rest of the batch, and maybe what was told of it, once more.
        isGone = !told;
        if (isGone) break;
        place = batch.place;
      }
    }
  }

  /** Only with the last order of a batch is the batch over: who comes back before is told all of it again. */
  async function* tellBatch(
    before: ChangePlace,
    { place, orderIds }: ChangedOrders,
  ): AsyncGenerator<Told<OrderFeedEvent>, boolean> {
    for (let from = 0; from < orderIds.length; from += maxOrders) {
      const orders = await whileThere(() => store.changes.states(orderIds.slice(from, from + maxOrders)));
      if (orders === undefined) return false;
      const isLast = from + maxOrders >= orderIds.length;
      for (const [index, order] of orders.entries()) {
        yield tell(isLast && index === orders.length - 1 ? place : before, order);
      }
    }
    return true;
  }

  /** What is there, now and twice a second, or at once when there is more; while the store is away, nothing. */
  async function* looks<Value>(
    signal: AbortSignal,
    look: () => Promise<Value>,
    hasMore: (value: Value) => boolean = () => false,
  ) {
    while (!signal.aborted && !closing.aborted) {
      const value = await whileThere(look);
      yield value;
      if (value === undefined || !hasMore(value)) await pause(signal);
    }
  }

  function pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        signal.removeEventListener("abort", end);
        closing.removeEventListener("abort", end);
        resolve();
      };
      const cancel = clock.after(lookMs, end);
      signal.addEventListener("abort", end);
      closing.addEventListener("abort", end);
    });
  }

  return {
    watch({ orderId }, request) {
      return whileStoreAnswers(async () => {
        if (readers >= maxReaders) {
          const message = `${maxReaders} readers follow orders here already: read the topic of states instead.`;
          return failed({ code: "too_many_requests", message, retryAfterSeconds: 10 });
        }
        if (orderId !== undefined) return success(counted(ofOne(orderId, request)));
        if (!isOn) return failed(invalidRequest([feedIsOff]));
        const { changes } = store;
        const [oldest, end] = await Promise.all([changes.oldest(), changes.end()]);
        const asked = request.lastEventId === undefined ? undefined : readPlaceWord(request.lastEventId);
        const isKept =
          asked !== undefined &&
          !isPlaceAfter(asked, end) &&
          (oldest === undefined || !isPlaceAfter(oldest, asked));
        const missed = request.lastEventId !== undefined && !isKept;
        return success(counted(ofAll(isKept ? asked : end, missed, request.signal)));
      });
    },
  };
}

/** Undefined while the store is away. */
async function whileThere<Value>(ask: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof StoreUnavailable) return undefined;
    throw error;
  }
}

function tell(id: string, order: StoredOrder): Told<OrderFeedEvent> {
  return { id, event: { kind: "state", order: stateOnWire(order) } };
}
