// Whether what lies on `orders` is one result for each order, the right one, and nothing else.
import { z } from "zod";
import { resultOf } from "./saga-decisions.ts";

export interface ResultCheck {
  /** The value of a record. */
  take(value: Buffer | null): void;
  /** A sentence each, when everything has been taken. */
  faults(): readonly string[];
}

const valueSchema = z.object({ orderId: z.number(), status: z.string(), source: z.string().nullable() });

/** For the orders 1 to `orders`, which were announced before. */
export function createResultCheck(orders: number): ResultCheck {
  const seen = new Set<number>();
  const faults: string[] = [];

  function faultOf({ orderId, status, source }: z.infer<typeof valueSchema>): string | undefined {
    if (!(orderId >= 1 && orderId <= orders)) return `there is no order ${orderId}`;
    if (seen.has(orderId)) return `order ${orderId} has a second result`;
    const expected = resultOf(orderId);
    if (status === expected.status && source === expected.source) return undefined;
    return `order ${orderId} is ${status} by ${source}, not ${expected.status} by ${expected.source}`;
  }

  return {
    take(value) {
      const result = valueSchema.parse(JSON.parse(value?.toString() ?? "null"));
      const fault = faultOf(result);
      if (fault !== undefined) faults.push(fault);
      seen.add(result.orderId);
    },
    faults() {
      const missing = Array.from({ length: orders }, (_, index) => index + 1).filter((id) => !seen.has(id));
      return [...faults, ...missing.map((orderId) => `order ${orderId} has no result`)];
    },
  };
}
