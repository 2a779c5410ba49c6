// What a program does with the packed client, the same text in every runtime: it knows nothing but the package's name.
import {
  createCartClient,
  createOrderClient,
  type CartClient,
  type OrderClient,
  readContractError,
  withIdempotencyKey,
} from "@orderwire/client";

export interface Seen {
  readonly created: string;
  readonly repeated: string;
  readonly details: { readonly status: string; readonly shippingCost: number };
  readonly missing: { readonly code: string; readonly retryable: boolean } | undefined;
  readonly refused: readonly string[] | undefined;
  readonly watched: readonly string[];
  readonly away: { readonly code: string; readonly outcome: string } | undefined;
}

export async function useClient(cartUrl: string, orderUrl: string, orderId: string): Promise<Seen> {
  const cart = createCartClient(cartUrl);
  const order = createOrderClient(orderUrl);
  const key = withIdempotencyKey(`create-${orderId}`);
  const created = await cart.orders.create.mutate({ orderId, itemCount: 3 }, key);
  const repeated = await cart.orders.create.mutate({ orderId, itemCount: 3 }, key);
  const { status, shippingCost } = await untilStored(() => order.orders.details.query({ orderId }));
  const missing = await errorOf(order.orders.details.query({ orderId: `${orderId}-nowhere` }));
  const refused = await errorOf(cart.orders.create.mutate({ orderId, itemCount: 0 }));
  const watched = await watchUntil(order, cart, orderId);
  // A port that nothing listens on.
  const away = await errorOf(createOrderClient("http://127.0.0.1:9").orders.details.query({ orderId }));
  return {
    created: created.orderId,
    repeated: repeated.orderId,
    details: { status, shippingCost },
    missing: missing && { code: missing.code, retryable: missing.retryable },
    refused: refused?.problems,
    watched,
    away: away && { code: away.code, outcome: away.outcome },
  };
}

/** The statuses that a live subscription tells, until it has told the last one. */
function watchUntil(order: OrderClient, cart: CartClient, orderId: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const statuses: string[] = [];
    const subscription = order.orders.watch.subscribe(
      { orderId },
      {
        onData({ data }) {
          if (data.kind !== "state") return;
          statuses.push(data.order.status);
          if (data.order.status === "new") {
            cart.orders.updateStatus.mutate({ orderId, status: "shipped" }).catch(reject);
            return;
          }
          subscription.unsubscribe();
          resolve(statuses);
        },
        onError: reject,
      },
    );
  });
}

/** order answers for an order when it has come through the broker. */
async function untilStored<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (readContractError(error)?.code !== "not_found" || attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function errorOf(call: Promise<unknown>) {
  return call.then(() => undefined, readContractError);
}

/** Compiled and never called: what must not compile. */
export function mistakes(): void {
  const cart = createCartClient("http://localhost:8000");
  // @ts-expect-error an order has no such field
  void cart.orders.create.mutate({ orderId: "ORDER-001", items: 3 });
  // @ts-expect-error cart has no such procedure
  void cart.orders.details.query({ orderId: "ORDER-001" });
}
