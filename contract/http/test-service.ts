// The tests' own cart and order: hand-written ports in memory that record what they were asked, behind the real HTTP
// applications. The timer is wound by hand, so no test waits.
import { exampleOrder } from "../dialects/wire-order.ts";
import type { DeadLetter, ErrorCategory } from "../dead-letters.ts";
import { invalidRequest } from "../errors.ts";
import type { OrderDetails } from "../models.ts";
import type { Timer } from "../perform.ts";
import type {
  CartHealth,
  DeadLetterViews,
  OrderCommands,
  OrderHealth,
  OrderViews,
  RequestContext,
} from "../ports.ts";
import { failed, success } from "../result.ts";
import { createCartApp } from "./cart-app.ts";
import { createOrderApp } from "./order-app.ts";

export interface HandTimer extends Timer {
  /** Timers that are set and not cancelled. */
  readonly pending: number;
  /** Every pending timer's time has come. */
  fire(): void;
}

export function createHandTimer(): HandTimer {
  const waiting = new Set<() => void>();
  return {
    after(_delayMs, fire) {
      waiting.add(fire);
      return () => void waiting.delete(fire);
    },
    get pending() {
      return waiting.size;
    },
    fire() {
      const due = [...waiting];
      waiting.clear();
      for (const fire of due) fire();
    },
  };
}

export interface Recorded {
  readonly command: unknown;
  readonly context: RequestContext;
}

export function createTestCart(overrides: Partial<OrderCommands> = {}, health: Partial<CartHealth> = {}) {
  const calls: Recorded[] = [];
  const surprises: { error: unknown; requestId: string }[] = [];
  const timer = createHandTimer();
  const commands: OrderCommands = {
    createOrder: async ({ orderId }) => success({ ...exampleOrder, orderId }),
    updateStatus: async ({ orderId, status }) => success({ orderId, status }),
    ...overrides,
  };
  const app = createCartApp({
    commands: {
      createOrder(command, context) {
        calls.push({ command, context });
        return commands.createOrder(command, context);
      },
      updateStatus(command, context) {
        calls.push({ command, context });
        return commands.updateStatus(command, context);
      },
    },
    health: {
      read: async () => ({ healthy: true, body: { status: "healthy", kafka: "connected" } }),
      ready: async () => true,
      ...health,
    },
    onSurprise: (error, requestId) => surprises.push({ error, requestId }),
    timer,
  });
  return { app, calls, surprises, timer };
}

export interface TestOrderOptions {
  readonly orders?: readonly OrderDetails[];
  readonly deadLetters?: readonly DeadLetter[];
  readonly views?: Partial<OrderViews>;
  readonly health?: Partial<OrderHealth>;
}

export function createTestOrder({ orders = [], deadLetters = [], views, health }: TestOrderOptions = {}) {
  const surprises: { error: unknown; requestId: string }[] = [];
  const pages: unknown[] = [];
  const timer = createHandTimer();
  const app = createOrderApp({
    views: { ...viewsOf(orders), ...views },
    deadLetters: deadLettersOf(deadLetters, pages),
    health: {
      read: async () => ({
        healthy: true,
        body: { status: "healthy", consumer: "running", orders_in_memory: orders.length },
      }),
      ready: async () => true,
      ...health,
    },
    onSurprise: (error, requestId) => surprises.push({ error, requestId }),
    timer,
  });
  return { app, pages, surprises, timer };
}

function viewsOf(orders: readonly OrderDetails[]): OrderViews {
  return {
    async details(orderId) {
      const order = orders.find((candidate) => candidate.orderId === orderId);
      return order === undefined
        ? failed({ code: "not_found", message: "no such row in table orders" })
        : success(order);
    },
    async list({ limit, cursor }) {
      if (cursor !== undefined && !/^[0-9]+$/.test(cursor)) {
        return failed(invalidRequest(["Field 'cursor' is not one of ours"]));
      }
      const start = Number(cursor ?? "0");
      const page = { orders: orders.slice(start, start + limit) };
      const end = start + limit;
      return success(end < orders.length ? { ...page, nextCursor: String(end) } : page);
    },
    async idsFromTopic(topic) {
      if (topic !== "order-events") return failed({ code: "not_found", message: "unknown" });
      return success({ topic, orderIds: orders.map(({ orderId }) => orderId).sort() });
    },
  };
}

function deadLettersOf(deadLetters: readonly DeadLetter[], pages: unknown[]): DeadLetterViews {
  return {
    async list(query) {
      pages.push(query);
      return success({ deadLetters: deadLetters.slice(query.offset, query.offset + query.limit) });
    },
    async stats() {
      const byCategory: Partial<Record<ErrorCategory, number>> = {};
      for (const { errorCategory } of deadLetters) {
        byCategory[errorCategory] = (byCategory[errorCategory] ?? 0) + 1;
      }
      return success({ topic: "order-events-dlq", total: deadLetters.length, byCategory });
    },
    async info() {
      return success({
        topic: "order-events-dlq",
        total: deadLetters.length,
        partitions: 1,
        maxRetries: 3,
        retryBackoffMs: 1000,
        maxBackoffMs: 30_000,
      });
    },
  };
}

export function deadLetter(overrides: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id: "order-status-updates/0/17",
    orderId: "ORD-999",
    originalMessage: '{"orderId":"ORD-999","status":"shipped"}',
    originalValue: "AAAAAAEA",
    originalTopic: "order-status-updates",
    originalPartition: 0,
    originalOffset: 17,
    consumerGroup: "order-service-group-status-updates",
    errorType: "ValueError",
    errorCategory: "RETRY_THEN_DLQ",
    errorMessage: "Order ORD-999 not found. Cannot update status. Sending to DLQ.",
    attempts: 4,
    firstFailureAt: "2026-03-02T09:30:00.100Z",
    lastFailureAt: "2026-03-02T09:30:07.200Z",
    ...overrides,
  };
}

export interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** What an HTTP client sees; a body that is not JSON is a failure of the test. */
export async function told(answer: Response | Promise<Response>): Promise<Told> {
  const response = await answer;
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}
