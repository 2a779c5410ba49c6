// What can be ordered and for how much, behind a port: system C's orders are checked against it before they are placed.
import type { ContractFailure } from "../../../contract/errors.ts";
import type { Result } from "../../../contract/result.ts";

export interface Product {
  readonly productId: string;
  readonly name: string;
  readonly unitPriceCents: number;
  /** Pieces that the stand-in stock begins with; null when the catalog does not say. */
  readonly stock: number | null;
}

/** Answers within a second or two. A catalog that is away is `unavailable`, in a sentence that names it. */
export interface Catalog {
  /** The products of these ids; those that the catalog does not have are absent. */
  lookUp(productIds: readonly string[]): Promise<Result<ReadonlyMap<string, Product>, ContractFailure>>;
  /** All products, in the catalog's own order. */
  list(): Promise<Result<readonly Product[], ContractFailure>>;
}

/** The products among `productIds`, out of all that there are. */
export function pickProducts(
  all: ReadonlyMap<string, Product>,
  productIds: readonly string[],
): ReadonlyMap<string, Product> {
  return new Map(
    productIds.flatMap((productId) => {
      const product = all.get(productId);
      return product === undefined ? [] : [[productId, product]];
    }),
  );
}
