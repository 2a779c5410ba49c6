import { describe, expect, test } from "bun:test";
import { failed } from "../../../contract/result.ts";
import { builtInProducts, createBuiltInCatalog } from "./built-in-catalog.ts";
import { createCatalogViews } from "./catalog-views.ts";
import { checkOrder } from "./check-order.ts";

const catalog = createBuiltInCatalog();
const order = (...items: readonly [productId: string, quantity: number, price: number][]) => ({
  customerId: "CUST-1",
  items: items.map(([productId, quantity, price]) => ({ productId, quantity, price })),
});

describe("an order against the catalog", () => {
  test("has its lines with the catalog's prices in cents", async () => {
    expect(await checkOrder(catalog, order(["P-1", 2, 10], ["P-8", 1, 3.49], ["P-1", 1, 10]))).toEqual({
      ok: true,
      value: [
        { productId: "P-1", quantity: 2, unitPriceCents: 1000 },
        { productId: "P-8", quantity: 1, unitPriceCents: 349 },
        { productId: "P-1", quantity: 1, unitPriceCents: 1000 },
      ],
    });
  });

  test("is refused with a sentence for each product and price that the catalog does not have", async () => {
    const lines = order(["P-99", 1, 1], ["P-1", 1, 11], ["P-5", 1, 54.99], ["P-8", 1, 3.5], ["P-99", 2, 1]);
    expect(await checkOrder(catalog, lines)).toEqual({
      ok: false,
      failure: {
        code: "invalid_request",
        message: "The request has 3 problems",
        problems: [
          "Unknown product 'P-99'",
          "The price of 'P-1' is 10, not 11",
          "The price of 'P-8' is 3.49, not 3.5",
        ],
      },
    });
  });

  test("is told twenty problems at most", async () => {
    const lines = Array.from({ length: 100 }, (_, i): [string, number, number] => [`X-${i}`, 1, 1]);
    const checked = await checkOrder(catalog, order(...lines));
    expect(!checked.ok && checked.failure.problems).toBeArrayOfSize(21);
  });

  test("is not checked while the catalog is away", async () => {
    const failure = { code: "unavailable", message: "The product catalog does not answer." } as const;
    expect(await checkOrder({ lookUp: async () => failed(failure) }, order(["P-1", 1, 10]))).toEqual({
      ok: false,
      failure,
    });
  });
});

describe("the built-in catalog", () => {
  test("has P-1 to P-10, of which P-1 is 10 and the last is sold out", async () => {
    expect(builtInProducts.map(({ productId }) => productId)).toEqual(
      Array.from({ length: 10 }, (_, i) => `P-${i + 1}`),
    );
    expect(await createCatalogViews(catalog).list()).toMatchObject({
      ok: true,
      value: {
        products: expect.arrayContaining([
          { productId: "P-1", name: "Green tea, 100 g", price: 10, stock: 1000 },
          expect.objectContaining({ productId: "P-10", stock: 0 }),
        ]),
      },
    });
  });

  test("is told without a stock where there is none to tell", async () => {
    const product = { productId: "X", name: "X", unitPriceCents: 5, stock: null };
    const views = createCatalogViews({ list: async () => ({ ok: true, value: [product] }) });
    expect(await views.list()).toEqual({
      ok: true,
      value: { products: [{ productId: "X", name: "X", price: 0.05 }] },
    });
  });
});
