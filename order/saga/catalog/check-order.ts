// An order against the catalog: its lines with prices in cents, or a sentence for each product that does not exist and each
// price that is not the catalog's.
import { invalidRequest, type ContractFailure } from "../../../contract/errors.ts";
import { failed, success, type Result } from "../../../contract/result.ts";
import type { OrderLine, PlaceOrder } from "../../../contract/sagas.ts";
import type { SagaLine } from "../domain/saga.ts";
import type { Catalog, Product } from "./catalog.ts";

/** As many as every other bad request is told. */
const maxProblems = 20;

export async function checkOrder(
  catalog: Pick<Catalog, "lookUp">,
  { items }: PlaceOrder,
): Promise<Result<readonly SagaLine[], ContractFailure>> {
  const found = await catalog.lookUp(items.map(({ productId }) => productId));
  if (!found.ok) return found;
  const problems = new Set(items.flatMap((line) => problemOf(line, found.value.get(line.productId))));
  if (problems.size > 0) return failed(invalidRequest(bounded([...problems])));
  return success(
    items.map(({ productId, quantity, price }) => ({ productId, quantity, unitPriceCents: centsOf(price) })),
  );
}

function problemOf({ productId, price }: OrderLine, product: Product | undefined): string[] {
  if (product === undefined) return [`Unknown product '${productId}'`];
  if (product.unitPriceCents === centsOf(price)) return [];
  return [`The price of '${productId}' is ${product.unitPriceCents / 100}, not ${price}`];
}

/** Exact, because an amount has two decimals at most (contract/sagas.ts). */
function centsOf(amount: number): number {
  return Math.round(amount * 100);
}

function bounded(problems: readonly string[]): readonly string[] {
  if (problems.length <= maxProblems) return problems;
  return [...problems.slice(0, maxProblems), "There are more problems than are listed here"];
}
