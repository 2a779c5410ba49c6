// System C's orders in the contract's words, straight from the store: reads go on while Kafka is away.
import { orderNotFound } from "../../contract/errors.ts";
import type { SagaViews } from "../../contract/ports.ts";
import { failed, success } from "../../contract/result.ts";
import type {
  ListedSaga,
  PendingHalf,
  SagaDecision,
  SagaEvent as ToldEvent,
  SagaStats as ToldStats,
  Saga as ToldSaga,
} from "../../contract/sagas.ts";
import { certainInstantOf, instantOf } from "../told-failure.ts";
import { whileStoreAnswers } from "../while-store-answers.ts";
import type { KeptDecision, Saga, SagaEvent } from "./domain/saga.ts";
import { toSagaOrder } from "./saga-order.ts";
import type { SagaStats, SagaStore } from "./store/saga-store.ts";

export interface SagaViewsOptions {
  readonly store: Pick<SagaStore, "list" | "read" | "stats" | "listDue">;
}

const listedHalves = 200;
/** Beyond every deadline: whatever waits is due by then. */
const endOfTimeMs = 8_640_000_000_000_000;

export function createSagaViews({ store }: SagaViewsOptions): SagaViews {
  return {
    list: ({ pageNo, pageSize }) =>
      whileStoreAnswers(async () => {
        const { sagas, total } = await store.list({ offset: pageNo * pageSize, limit: pageSize });
        return success({ orders: sagas.flatMap(toListed), total });
      }),

    get: (orderId) =>
      whileStoreAnswers(async () => {
        const saga = await store.read(orderId);
        return saga === undefined ? failed(orderNotFound(String(orderId))) : success(toTold(saga));
      }),

    stats: () => whileStoreAnswers(async () => success(toStats(await store.stats()))),

    pending: () =>
      whileStoreAnswers(async () => {
        const sagas = await store.listDue(endOfTimeMs, listedHalves);
        return success({ halves: sagas.flatMap(toPending).slice(0, listedHalves) });
      }),
  };
}

/** Only placed orders are listed. */
function toListed(saga: Saga): ListedSaga[] {
  const { order, settledAtMs } = saga;
  if (order === null) return [];
  const placedAt = certainInstantOf(order.placedAtMs);
  return [{ ...toSagaOrder(saga, order), placedAt, settledAt: instantOrNull(settledAtMs) }];
}

function toPending({ orderId, order, payment, stock, deadlineAtMs }: Saga): PendingHalf[] {
  const told = (side: PendingHalf["side"], kept: KeptDecision | null): PendingHalf[] =>
    kept?.state !== "pending"
      ? []
      : [
          {
            orderId,
            side,
            answer: kept.answer,
            receivedAt: certainInstantOf(kept.receivedAtMs),
            deadlineAt: instantOrNull(deadlineAtMs),
            isPlaced: order !== null,
          },
        ];
  return [...told("payment", payment), ...told("stock", stock)];
}

function toTold(saga: Saga): ToldSaga {
  const { orderId, order, settledAtMs, payment, stock, deadlineAtMs, history } = saga;
  return {
    orderId,
    order: order === null ? null : toSagaOrder(saga, order),
    placedAt: order === null ? null : certainInstantOf(order.placedAtMs),
    settledAt: instantOrNull(settledAtMs),
    payment: toDecision(payment),
    stock: toDecision(stock),
    deadlineAt: instantOrNull(deadlineAtMs),
    timeline: history.map(toEvent),
  };
}

function toDecision(kept: KeptDecision | null): SagaDecision | null {
  if (kept === null) return null;
  const { answer, source, eventTimeMs, receivedAtMs, state, replayed } = kept;
  return {
    answer,
    source,
    eventAt: instantOf(eventTimeMs),
    receivedAt: certainInstantOf(receivedAtMs),
    state,
    replayed,
  };
}

function toEvent(event: SagaEvent): ToldEvent {
  const at = certainInstantOf(event.atMs);
  switch (event.kind) {
    case "placed":
      return { kind: event.kind, at };
    case "settled":
      return { kind: event.kind, at, status: event.status, source: event.source };
    case "decided":
    case "replayed":
    case "duplicate":
    case "contradictory":
    case "late":
    case "expired": {
      const { kind, side, answer, source, eventTimeMs, reason } = event;
      return { kind, at, side, answer, source, eventAt: instantOf(eventTimeMs), reason };
    }
  }
}

function toStats({ orders, withoutOrder, decisions, counted, unpublished }: SagaStats): ToldStats {
  const { joined, early, duplicate, ...others } = counted;
  return {
    orders,
    withoutOrder,
    halves: { pending: decisions.pending, late: decisions.late, expired: decisions.expired },
    counted: { joins: joined, early, duplicates: duplicate, ...others },
    unpublished,
  };
}

function instantOrNull(ms: number | null): string | null {
  return ms === null ? null : instantOf(ms);
}
