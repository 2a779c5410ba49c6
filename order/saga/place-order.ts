// Places an order: checked against the catalog, saved, and on its topic, before anybody is told so. Its Idempotency-Key is
// saved with it, so a repeat finds it on every instance and after every crash.
import type { ContractFailure } from "../../contract/errors.ts";
import type { SagaCommands } from "../../contract/ports.ts";
import { failed, type Result, success } from "../../contract/result.ts";
import type { PlaceOrder, SagaOrder } from "../../contract/sagas.ts";
import type { Clock } from "../../service/clock.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { Catalog } from "./catalog/catalog.ts";
import { checkOrder } from "./catalog/check-order.ts";
import type { OrderPlacer } from "./order-placer.ts";
import { fingerprintOf } from "./request-fingerprint.ts";
import { toSagaOrder } from "./saga-order.ts";
import type { SagaStore } from "./store/saga-store.ts";

export interface PlaceOrderOptions {
  readonly catalog: Pick<Catalog, "lookUp">;
  readonly store: Pick<SagaStore, "readRequest" | "read">;
  readonly placer: OrderPlacer;
  readonly clock: Clock;
  /** Until a request is answered at the latest, beside the catalog's time. Default: 5,000. */
  readonly deadlineMs?: number;
}

type Placed = Result<SagaOrder, ContractFailure>;

interface Keyed {
  readonly key: string;
  readonly fingerprint: string;
}

const defaultDeadlineMs = 5000;

export function createSagaCommands(options: PlaceOrderOptions): SagaCommands {
  const { catalog, store, placer, clock, deadlineMs = defaultDeadlineMs } = options;

  async function placeKeyed(
    order: PlaceOrder,
    keyed: Keyed,
    traceparent: string | undefined,
  ): Promise<Placed> {
    const before = await findPlaced(keyed);
    return before ?? placeNew(order, keyed, traceparent);
  }

  async function placeNew(
    order: PlaceOrder,
    keyed: Keyed | undefined,
    traceparent: string | undefined,
  ): Promise<Placed> {
    const items = await checkOrder(catalog, order);
    if (!items.ok) return items;
    const { customerId } = order;
    const expiresAtMs = clock.nowMs() + deadlineMs;
    const outcome = await placer.place({ customerId, items: items.value, keyed, expiresAtMs, traceparent });
    switch (outcome.kind) {
      case "placed": {
        // As it was placed, also when its decisions were there before it and have settled it.
        const { orderId } = outcome;
        return success(
          toSagaOrder({ orderId, status: "NEW", source: null }, { customerId, items: items.value }),
        );
      }
      case "key-taken":
        return (
          (keyed && (await findPlaced(keyed))) ?? failed(unknown("The order store did not answer in time."))
        );
      case "nothing":
        return failed(unavailable(outcome.reason));
      case "stored":
        return failed(storedUnconfirmed(outcome.orderId));
      case "unknown":
        return failed(unknown("The order store did not answer in time."));
    }
  }

  /** The answer of a request before, when there was one. */
  async function findPlaced({ key, fingerprint }: Keyed): Promise<Placed | undefined> {
    try {
      const request = await store.readRequest(key);
      if (request === undefined) return undefined;
      if (request.fingerprint !== fingerprint) return failed(reused);
      const { orderId } = request;
      const saga = await store.read(orderId);
      if (saga === undefined || saga.order === null) return undefined;
      const isThere = saga.home === null || (await placer.published(saga.home, clock.nowMs() + deadlineMs));
      if (!isThere) return failed(storedUnconfirmed(orderId));
      return success(toSagaOrder({ orderId, status: "NEW", source: null }, saga.order));
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      return failed(unavailable("The order store cannot be reached."));
    }
  }

  return {
    async place(order, { idempotencyKey: key, traceparent }) {
      if (key === undefined) return placeNew(order, undefined, traceparent);
      return placeKeyed(order, { key, fingerprint: fingerprintOf(order) }, traceparent);
    },
  };
}

const reused: ContractFailure = {
  code: "idempotency_key_reused",
  message: "This Idempotency-Key was used for another request: send a new key with a new request.",
};

function unavailable(message: string): ContractFailure {
  return { code: "unavailable", message, retryAfterSeconds: 2 };
}

function unknown(message: string): ContractFailure {
  return { code: "outcome_unknown", message, retryAfterSeconds: 2 };
}

function storedUnconfirmed(orderId: number): ContractFailure {
  return unknown(`Order ${orderId} is stored, and Kafka has not confirmed it yet: it will be published.`);
}
