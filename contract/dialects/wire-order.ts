// What systems A and B say alike: the order's body, and the parameters of a query.
import { z } from "zod";
import { orderDetailsSchema, orderIdSchema, orderSchema, type Order, type OrderDetails } from "../models.ts";

export const wireOrderSchema = orderSchema.meta({
  id: "Order",
  description: "An order as it was created. Amounts are decimals with two digits.",
});

export const wireOrderDetailsSchema = orderDetailsSchema.meta({
  id: "OrderDetails",
  description: "A stored order. shippingCost is 2 % of totalAmount, rounded half up to cents.",
});

/** Fields in the documented order, and no other: what else a port's object carries stays inside. */
export function wireOrder(order: Order): Order {
  return {
    orderId: order.orderId,
    customerId: order.customerId,
    orderDate: order.orderDate,
    items: order.items.map(({ itemId, quantity, price }) => ({ itemId, quantity, price })),
    totalAmount: order.totalAmount,
    currency: order.currency,
    status: order.status,
  };
}

export function wireOrderDetails(order: OrderDetails): OrderDetails {
  return { ...wireOrder(order), shippingCost: order.shippingCost };
}

export const noParametersSchema = z.strictObject({});
export const orderIdParametersSchema = z.strictObject({ orderId: orderIdSchema });

interface Bounds {
  readonly minimum: number;
  readonly maximum: number;
}

/** A query parameter that holds an integer in decimal digits, `minimum` to `maximum`. */
export function integerParameter(
  name: string,
  { minimum, maximum, fallback }: Bounds & { readonly fallback: number },
) {
  return integerText(name, { minimum, maximum })
    .default(fallback)
    .meta({ override: { type: "integer", minimum, maximum, default: fallback } });
}

/** As `integerParameter`; one that has to be there. */
export function requiredIntegerParameter(name: string, { minimum, maximum }: Bounds) {
  return integerText(name, { minimum, maximum }).meta({ override: { type: "integer", minimum, maximum } });
}

function integerText(name: string, { minimum, maximum }: Bounds) {
  const problem = `Parameter '${name}' must be an integer from ${minimum} to ${maximum}`;
  return z
    .string()
    .regex(/^[0-9]{1,16}$/, problem)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, problem);
}

export const exampleOrder: Order = {
  orderId: "ORDER-001",
  customerId: "CUST-4821",
  orderDate: "2026-03-02T09:30:00.000Z",
  items: [
    { itemId: "ITEM-KEYBOARD", quantity: 1, price: 79.9 },
    { itemId: "ITEM-CABLE", quantity: 2, price: 10.05 },
  ],
  totalAmount: 100,
  currency: "USD",
  status: "new",
};

export const exampleOrderDetails: OrderDetails = { ...exampleOrder, shippingCost: 2 };
