// How the stand-ins decide, documented in README.md so that every outcome can be tried with curl.
import type { SagaOrder } from "../../../contract/sagas.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { ParticipantRules } from "./participant.ts";

/** 10,000.00 for everybody. */
export const openingCents = 1_000_000;

/** A customer whose account is empty: payment rejects whatever costs something. */
export const brokeCustomer = "CUST-BROKE";

/** Pieces of a product whose catalog does not say how many there are. */
export const openingPieces = 1000;

/** Money in cents, by customer. */
export const paymentRules: ParticipantRules = {
  source: "PAYMENT",
  demandOf: ({ customerId, items }) => new Map([[customerId, totalCents(items)]]),
  openingOf: async (customers) =>
    new Map(customers.map((customer) => [customer, customer === brokeCustomer ? 0 : openingCents])),
};

/** Pieces by product; a product that the catalog does not have is not in stock. */
export function stockRules(catalog: Pick<Catalog, "lookUp">): ParticipantRules {
  return {
    source: "INVENTORY",
    demandOf({ items }) {
      const pieces = new Map<string, number>();
      for (const { productId, quantity } of items) {
        pieces.set(productId, (pieces.get(productId) ?? 0) + quantity);
      }
      return pieces;
    },
    async openingOf(productIds) {
      const products = await catalog.lookUp(productIds);
      if (!products.ok) return undefined;
      return new Map(
        [...products.value].map(([productId, { stock }]) => [productId, stock ?? openingPieces]),
      );
    },
  };
}

function totalCents(items: SagaOrder["items"]): number {
  return items.reduce((sum, { quantity, price }) => sum + quantity * Math.round(price * 100), 0);
}
