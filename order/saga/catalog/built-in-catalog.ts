// The catalog of a service that was given none: ten products, fixed. The last two are there to be refused: P-9 is scarce,
// and of P-10 the stand-in stock has nothing.
import { success } from "../../../contract/result.ts";
import { pickProducts, type Catalog, type Product } from "./catalog.ts";

const rows: readonly [productId: string, name: string, unitPriceCents: number, stock: number][] = [
  ["P-1", "Green tea, 100 g", 1000, 1000],
  ["P-2", "Black tea, 100 g", 850, 1000],
  ["P-3", "House coffee, 250 g", 1290, 1000],
  ["P-4", "Stoneware mug", 1450, 500],
  ["P-5", "Steel kettle", 5499, 200],
  ["P-6", "Hand grinder", 7900, 200],
  ["P-7", "Paper filters, 100 pieces", 425, 1000],
  ["P-8", "Dark chocolate, 100 g", 349, 1000],
  ["P-9", "Espresso machine", 49_900, 10],
  ["P-10", "Gift box, sold out", 2500, 0],
];

export const builtInProducts: readonly Product[] = rows.map(([productId, name, unitPriceCents, stock]) => ({
  productId,
  name,
  unitPriceCents,
  stock,
}));

/** Never away. */
export function createBuiltInCatalog(): Catalog {
  const byId = new Map(builtInProducts.map((product) => [product.productId, product]));
  return {
    lookUp: async (productIds) => success(pickProducts(byId, productIds)),
    list: async () => success(builtInProducts),
  };
}
