import { describeRetryingOrders } from "./retrying-orders.spec.ts";
import { runOnEmbeddedParts } from "./run-on-parts.ts";

runOnEmbeddedParts("an order that is being retried", describeRetryingOrders);
