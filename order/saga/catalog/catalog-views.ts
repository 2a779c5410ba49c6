// The catalog in the contract's words: decimals for cents.
import type { CatalogViews } from "../../../contract/ports.ts";
import { success } from "../../../contract/result.ts";
import type { CatalogProduct } from "../../../contract/sagas.ts";
import type { Catalog, Product } from "./catalog.ts";

export function createCatalogViews(catalog: Pick<Catalog, "list">): CatalogViews {
  return {
    async list() {
      const products = await catalog.list();
      return products.ok ? success({ products: products.value.map(told) }) : products;
    },
  };
}

function told({ productId, name, unitPriceCents, stock }: Product): CatalogProduct {
  return { productId, name, price: unitPriceCents / 100, ...(stock === null ? {} : { stock }) };
}
