// Which of system C's orders an event is about. The event itself says it: the key of a decision decides nothing. Systems A and B
// name their orders with texts, system C numbers them.

/** Undefined for an event of systems A and B, and for one that names no order. */
export function sagaOrderOf(event: unknown): number | undefined {
  if (typeof event !== "object" || event === null || !("orderId" in event)) return undefined;
  const { orderId } = event;
  return isOrderNumber(orderId) ? orderId : undefined;
}

/** As somebody types it. */
export function readOrderNumber(typed: string): number | undefined {
  const number = /^[1-9][0-9]{0,15}$/.test(typed) ? Number(typed) : undefined;
  return isOrderNumber(number) ? number : undefined;
}

function isOrderNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
