import { describeRetryingOrders } from "./retrying-orders.spec.ts";
import { runOnRealParts } from "./run-on-parts.ts";

runOnRealParts("an order that is being retried", describeRetryingOrders, { SIMULATED_FAILURES: "on" });
