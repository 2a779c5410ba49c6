import { describeOrderState } from "./order-state.spec.ts";
import { runOnRealParts } from "./run-on-parts.ts";

runOnRealParts("the feed of states", describeOrderState, {
  ORDER_STATE_TOPIC: `order-state-${crypto.randomUUID().slice(0, 8)}`,
});
