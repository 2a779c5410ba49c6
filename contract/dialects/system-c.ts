// System C, the saga: orders placed at order itself, beside system A's paths under /api and with its errors; the body is
// the order alone, as its documentation has it. Its time line is the operator's (operator.ts).
import { z } from "zod";
import {
  catalogProductSchema,
  catalogSchema,
  placeOrderSchema,
  sagaOrderSchema,
  sagaPageLimit,
  type SagaOrder,
  type SagaPageQuery,
} from "../sagas.ts";
import type { OrderProcedures } from "../procedures.ts";
import { defineRoute, type Route } from "./route.ts";
import { systemAErrors } from "./system-a.ts";
import { integerParameter, noParametersSchema, requiredIntegerParameter } from "./wire-order.ts";

const route = defineRoute<OrderProcedures>();
const common = { tag: "System C", errorShape: systemAErrors } as const;

export const wireSagaOrderSchema = sagaOrderSchema.meta({
  id: "OrderDto",
  description:
    "An order of system C, the same as on the topic `orders`. Prices are decimals with two digits.",
});

/** The parameter of a path that names one of system C's orders. */
export const sagaOrderIdParametersSchema = z.strictObject({
  orderId: requiredIntegerParameter("orderId", { minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
});

export const exampleSagaOrder: SagaOrder = {
  orderId: 42,
  customerId: "CUST-1",
  status: "NEW",
  source: null,
  items: [{ productId: "P-1", quantity: 2, price: 10 }],
};

const ordersPath = "/api/orders";

const pageHeadersSchema = z.object({
  "X-Total-Count": z
    .string()
    .regex(/^[0-9]+$/)
    .meta({ description: "Orders on all pages." }),
  Link: z
    .string()
    .optional()
    .meta({
      description: "The next page, as RFC 8288 has it; absent on the last one.",
      example: `<${ordersPath}?pageNo=1&pageSize=10>; rel="next"`,
    }),
});

export const systemCRoutes: readonly Route<OrderProcedures>[] = [
  route({
    ...common,
    method: "POST",
    path: ordersPath,
    operationId: "placeOrder",
    summary: "Place an order that payment and stock decide",
    description:
      "Checked against the catalog, stored and published to `orders`. 201 means that both are certain. Its status changes when payment and stock have decided.",
    procedure: "sagas.place",
    from: "body",
    request: placeOrderSchema.meta({ id: "PlaceOrder" }),
    toInput: (order) => order,
    status: 201,
    answer: wireSagaOrderSchema,
    toAnswer: wireSagaOrder,
    errors: ["idempotency_key_reused"],
    takesIdempotencyKey: true,
    examples: {
      request: { customerId: "CUST-1", items: [{ productId: "P-1", quantity: 2, price: 10 }] },
      answer: exampleSagaOrder,
    },
  }),
  route({
    ...common,
    method: "GET",
    path: ordersPath,
    operationId: "listPlacedOrders",
    summary: "Page through the orders",
    description:
      "By orderId, so that a page stays as it is while orders are placed. The total is in `X-Total-Count`, the next page in `Link`.",
    procedure: "sagas.list",
    from: "query",
    request: z.strictObject({
      pageNo: integerParameter("pageNo", { minimum: 0, maximum: 1_000_000_000, fallback: 0 }),
      pageSize: integerParameter("pageSize", { minimum: 1, maximum: sagaPageLimit, fallback: 10 }),
    }),
    toInput: (query) => query,
    status: 200,
    answer: z.array(wireSagaOrderSchema),
    toAnswer: ({ orders }) => orders.map(wireSagaOrder),
    answerHeaders: pageHeadersSchema,
    toHeaders: ({ total }, query) => ({ "X-Total-Count": String(total), ...nextLink(total, query) }),
    errors: [],
    examples: { request: { pageNo: "0", pageSize: "10" }, answer: [exampleSagaOrder] },
  }),
  route({
    ...common,
    method: "GET",
    path: `${ordersPath}/{orderId}`,
    operationId: "getPlacedOrder",
    summary: "Read an order",
    description: "The stored order with its present status.",
    procedure: "sagas.order",
    from: "path",
    request: sagaOrderIdParametersSchema,
    toInput: (path) => path,
    status: 200,
    answer: wireSagaOrderSchema,
    toAnswer: wireSagaOrder,
    errors: ["not_found"],
    examples: {
      request: { orderId: "42" },
      answer: { ...exampleSagaOrder, status: "ROLLBACK", source: "PAYMENT" },
    },
  }),
  route({
    ...common,
    method: "GET",
    path: "/api/catalog",
    operationId: "getCatalog",
    summary: "List the products that can be ordered",
    description:
      "The built-in catalog, or that of `CATALOG_URL` as it was a few seconds ago at most. An order's prices have to be these.",
    procedure: "catalog.list",
    from: "query",
    request: noParametersSchema,
    toInput: () => undefined,
    status: 200,
    answer: catalogSchema.extend({ products: z.array(catalogProductSchema.meta({ id: "CatalogProduct" })) }),
    toAnswer: (catalog) => catalog,
    errors: [],
    examples: {
      request: {},
      answer: { products: [{ productId: "P-1", name: "Green tea, 100 g", price: 10, stock: 1000 }] },
    },
  }),
];

/** Fields in the documented order, and no other. */
function wireSagaOrder({ orderId, customerId, status, source, items }: SagaOrder): SagaOrder {
  return {
    orderId,
    customerId,
    status,
    source,
    items: items.map(({ productId, quantity, price }) => ({ productId, quantity, price })),
  };
}

/** Relative, because only a proxy in front knows which host the client asked. */
function nextLink(total: number, { pageNo, pageSize }: SagaPageQuery): Record<string, string> {
  if ((pageNo + 1) * pageSize >= total) return {};
  return { Link: `<${ordersPath}?pageNo=${pageNo + 1}&pageSize=${pageSize}>; rel="next"` };
}
