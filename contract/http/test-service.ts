// The tests' own cart and order: hand-written ports in memory that record what they were asked, behind the real HTTP
// applications. The timer is wound by hand, so no test waits.
import { exampleJob, examplePreview, exampleTimeline } from "../dialects/replays.ts";
import { exampleOrder } from "../dialects/wire-order.ts";
import type { AuditEntry } from "../audit.ts";
import type { DeadLetter, DeadLetterCountQuery, DeadLetterDetails, ErrorCategory } from "../dead-letters.ts";
import { invalidRequest, partitionNotStalled } from "../errors.ts";
import type { OrderHealthDetail } from "../health.ts";
import type { OrderDetails } from "../models.ts";
import type { ParkedEvent } from "../parked.ts";
import type { Timer } from "../perform.ts";
import type {
  AuditViews,
  CartHealth,
  CatalogViews,
  DeadLetterViews,
  LetterOperations,
  LiveViews,
  OrderCommands,
  OrderHealth,
  OrderViews,
  ParkedViews,
  PartitionOperations,
  ReplayOperations,
  RequestContext,
  SagaCommands,
  SagaViews,
  SchemaViews,
  SettingsViews,
  TopicViews,
} from "../ports.ts";
import { failed, success } from "../result.ts";
import type { ListedSaga, Saga } from "../sagas.ts";
import { createCartApp } from "./cart-app.ts";
import type { Guards } from "./guards.ts";
import { createOrderApp } from "./order-app.ts";
import type { ServingOptions } from "./serving.ts";
import { testLive } from "./test-live.ts";

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

export function createTestCart(
  overrides: Partial<OrderCommands> = {},
  health: Partial<CartHealth> = {},
  serving: Pick<ServingOptions, "reference" | "guards"> = {},
) {
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
      serving: async () => true,
      ...health,
    },
    onSurprise: (error, requestId) => surprises.push({ error, requestId }),
    timer,
    ...serving,
  });
  return { app, calls, surprises, timer };
}

export interface TestOrderOptions {
  readonly orders?: readonly OrderDetails[];
  readonly deadLetters?: readonly DeadLetter[];
  readonly parked?: readonly ParkedEvent[];
  readonly views?: Partial<OrderViews>;
  /** In place of the ones over `deadLetters` and `parked`. */
  readonly ports?: {
    readonly deadLetters?: DeadLetterViews;
    readonly parked?: ParkedViews;
    readonly partitions?: PartitionOperations;
    readonly letters?: LetterOperations;
    readonly replays?: ReplayOperations;
    readonly audit?: AuditViews;
    readonly sagaCommands?: SagaCommands;
    readonly catalog?: CatalogViews;
    readonly live?: LiveViews;
    readonly topics?: TopicViews;
    readonly schemas?: SchemaViews;
    readonly settings?: SettingsViews;
    readonly sagas?: SagaViews;
  };
  readonly closing?: AbortSignal;
  readonly sagas?: readonly Saga[];
  /** Partitions that stand still, as `topic/partition`. */
  readonly stalled?: readonly string[];
  readonly entries?: readonly AuditEntry[];
  readonly health?: Partial<OrderHealth>;
  readonly console?: (request: Request) => Promise<Response>;
  readonly guards?: Guards;
  readonly reference?: (request: Request) => Promise<Response>;
}

export function createTestOrder({
  orders = [],
  deadLetters = [],
  parked = [],
  stalled = [],
  entries = [],
  sagas = [],
  views,
  ports,
  health,
  closing,
  console: consolePages,
  guards,
  reference,
}: TestOrderOptions = {}) {
  const surprises: { error: unknown; requestId: string }[] = [];
  const pages: unknown[] = [];
  const ordered: string[] = [];
  const skips: Recorded[] = [];
  const replayOrders: Recorded[] = [];
  const placed: Recorded[] = [];
  const timer = createHandTimer();
  const app = createOrderApp({
    views: { ...viewsOf(orders), ...views },
    deadLetters: deadLettersOf(deadLetters, pages),
    parked: parkedOf(parked, ordered),
    partitions: partitionsOf(stalled, skips),
    letters: lettersOf(replayOrders),
    replays: replaysOf(replayOrders),
    audit: auditOf(entries),
    sagas: sagasOf(sagas),
    catalog: { list: async () => success({ products: [{ productId: "P-1", name: "Tea", price: 10 }] }) },
    ...testLive,
    ...ports,
    ...(consolePages === undefined ? {} : { console: consolePages }),
    ...(reference === undefined ? {} : { reference }),
    ...(closing === undefined ? {} : { closing }),
    ...(guards === undefined ? {} : { guards }),
    sagaCommands: {
      place(order, context) {
        placed.push({ command: order, context });
        return (ports?.sagaCommands ?? placing(placed)).place(order, context);
      },
    },
    health: {
      read: async () => ({
        healthy: true,
        body: { status: "healthy", consumer: "running", orders_in_memory: orders.length },
      }),
      ready: async () => true,
      serving: async () => true,
      detail: async () => allWell,
      ...health,
    },
    onSurprise: (error, requestId) => surprises.push({ error, requestId }),
    timer,
  });
  return { app, pages, ordered, skips, replayOrders, placed, surprises, timer };
}

/** The n-th order has the number n. */
function placing(placed: readonly Recorded[]): SagaCommands {
  return {
    place: async (order) => success({ orderId: placed.length, ...order, status: "NEW", source: null }),
  };
}

export const allWell: OrderHealthDetail = {
  draining: false,
  store: { state: "up", cause: null },
  registry: { state: "up", cause: null },
  broker: { state: "up", cause: null },
  deadLetterTopic: { state: "up", cause: null },
  breaker: { state: "closed", cause: null },
  parked: { waiting: 0, behind: 0, dead: 0 },
  redelivered: 0,
  stalledPartitions: [],
};

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
  const matching = ({ orderId, reason }: DeadLetterCountQuery) =>
    deadLetters.filter(
      (letter) =>
        (orderId === undefined || letter.orderId === orderId) &&
        (reason === undefined || letter.reason === reason),
    );
  return {
    async list(query) {
      pages.push(query);
      const { limit, offset = 0, cursor } = query;
      const found = matching(query);
      const start = cursor === undefined ? offset : Number(cursor);
      const end = start + limit;
      const page = { deadLetters: found.slice(start, end) };
      return success(limit > 0 && end < found.length ? { ...page, nextCursor: String(end) } : page);
    },
    count: async (query) => success({ count: matching(query).length, exact: true }),
    async get(id) {
      const found = deadLetters.find((letter) => letter.id === id);
      return found === undefined
        ? failed({ code: "not_found", message: "no such row in table dead_letters" })
        : success(detailsOf(found));
    },
    async stats() {
      const byCategory: Partial<Record<ErrorCategory, number>> = {};
      for (const { errorCategory } of deadLetters) {
        byCategory[errorCategory] = (byCategory[errorCategory] ?? 0) + 1;
      }
      const counts = { total: deadLetters.length, byCategory };
      return success({
        topic: "order-events-dlq",
        ...counts,
        topics: [{ topic: "order-events-dlq", ...counts }],
      });
    },
    async info() {
      return success({
        topic: "order-events-dlq",
        total: deadLetters.length,
        partitions: 1,
        maxRetries: 3,
        retryBackoffMs: 1000,
        maxBackoffMs: 30_000,
        editing: false,
      });
    },
  };
}

function parkedOf(parked: readonly ParkedEvent[], ordered: string[]): ParkedViews {
  const give = async (order: string, state: (event: ParkedEvent) => boolean, id: string) => {
    const found = parked.find((event) => event.id === id);
    if (found === undefined || !state(found)) {
      return failed({ code: "not_found", message: "no such row in table parked" } as const);
    }
    ordered.push(`${order} ${id}`);
    return success({ id });
  };
  return {
    async list({ limit, cursor, orderId }) {
      const found = parked.filter((event) => orderId === undefined || event.orderId === orderId);
      const start = cursor === undefined ? 0 : found.findIndex(({ id }) => id === cursor) + 1;
      const page = found.slice(start, start + limit);
      const last = start + limit < found.length ? page.at(-1) : undefined;
      return success({ parked: page, ...(last === undefined ? {} : { nextCursor: last.id }) });
    },
    retryNow: (id) => give("retry", ({ state }) => state === "waiting", id),
    deadLetterNow: (id) => give("dead-letter", () => true, id),
  };
}

function partitionsOf(stalled: readonly string[], skips: Recorded[]): PartitionOperations {
  return {
    async skip(command, context) {
      const { reason: _reason, ...skipped } = command;
      if (!stalled.includes(`${command.topic}/${command.partition}`)) {
        return failed(partitionNotStalled(command.topic, command.partition));
      }
      skips.push({ command, context });
      return success({ auditId: skips.length, ...skipped });
    },
  };
}

function lettersOf(ordered: Recorded[]): LetterOperations {
  const move = async (command: unknown, context: RequestContext) => {
    ordered.push({ command, context });
    return success({ auditId: ordered.length, count: 1 });
  };
  return {
    counts: async () =>
      success({
        byState: { open: 1, replaying: 0, resolved: 0, discarded: 0, quarantined: 0, superseded: 0 },
      }),
    groups: async () => success({ groups: [] }),
    async annotate(command, context) {
      ordered.push({ command, context });
      return success({ fingerprint: command.fingerprint });
    },
    discard: move,
    restore: move,
  };
}

function replaysOf(ordered: Recorded[]): ReplayOperations {
  const order = async (command: { readonly id: string }, context: RequestContext) => {
    ordered.push({ command, context });
    return command.id === exampleJob.id
      ? success(exampleJob)
      : failed({ code: "not_found", message: "no such row in table replay_jobs" } as const);
  };
  return {
    preview: async () => success(examplePreview),
    async start(command, context) {
      ordered.push({ command, context });
      return success(exampleJob);
    },
    async startEdited(command, context) {
      ordered.push({ command, context });
      return success({ ...exampleJob, total: 1, canary: null });
    },
    get: async (id) =>
      id === exampleJob.id ? success(exampleJob) : failed({ code: "not_found", message: "no row" } as const),
    checkEdited: async () => success({ problems: [], changes: [] }),
    timeline: async (id) =>
      id === exampleJob.id
        ? success({
            ...exampleTimeline,
            settled: [...exampleTimeline.settled],
            failed: [...exampleTimeline.failed],
            newFailures: [...exampleTimeline.newFailures],
          })
        : failed({ code: "not_found", message: "no row" } as const),
    list: async () => success({ replays: [exampleJob] }),
    items: async () => success({ items: [] }),
    pause: order,
    resume: order,
    cancel: order,
    setRate: order,
  };
}

function auditOf(entries: readonly AuditEntry[]): AuditViews {
  return {
    async list({ limit, cursor }) {
      const start = cursor === undefined ? 0 : Number(cursor);
      const page = { entries: entries.slice(start, start + limit) };
      const end = start + limit;
      return success(end < entries.length ? { ...page, nextCursor: String(end) } : page);
    },
  };
}

function sagasOf(sagas: readonly Saga[]): SagaViews {
  const listed = sagas.flatMap(({ order, placedAt, settledAt }): ListedSaga[] =>
    order === null || placedAt === null ? [] : [{ ...order, placedAt, settledAt }],
  );
  return {
    async list({ pageNo, pageSize }) {
      const start = pageNo * pageSize;
      return success({ orders: listed.slice(start, start + pageSize), total: listed.length });
    },
    async get(orderId) {
      const found = sagas.find((saga) => saga.orderId === orderId);
      return found === undefined
        ? failed({ code: "not_found", message: "no such row in table sagas" })
        : success(found);
    },
    pending: async () =>
      success({
        halves: sagas.flatMap(({ orderId, payment, stock, deadlineAt, order }) =>
          (["payment", "stock"] as const).flatMap((side) => {
            const decision = side === "payment" ? payment : stock;
            if (decision?.state !== "pending") return [];
            const { answer, receivedAt } = decision;
            return [{ orderId, side, answer, receivedAt, deadlineAt, isPlaced: order !== null }];
          }),
        ),
      }),
    async stats() {
      const orders = { NEW: 0, CONFIRMED: 0, REJECTED: 0, ROLLBACK: 0 };
      for (const { status } of listed) orders[status] += 1;
      const none = { joins: 0, early: 0, duplicates: 0, contradictory: 0, late: 0, expired: 0, replayed: 0 };
      return success({
        orders,
        withoutOrder: sagas.length - listed.length,
        halves: { pending: 0, late: 0, expired: 0 },
        counted: none,
        unpublished: 0,
      });
    },
  };
}

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

function detailsOf({ originalMessage, ...letter }: DeadLetter): DeadLetterDetails {
  return {
    ...letter,
    eventId: null,
    value: { kind: "decoded", event: JSON.parse(originalMessage ?? "{}"), schemaId: 3 },
    key: { text: letter.orderId, base64: btoa(letter.orderId ?? "") },
    headers: [],
    trace: { id: traceId, url: `https://traces.example/trace/${traceId}` },
    recordedAt: null,
    omitted: [],
    failures: [],
    deadLetterPartition: 0,
    deadLetterOffset: 4,
    history: [],
  };
}

export function parkedEvent(overrides: Partial<ParkedEvent> = {}): ParkedEvent {
  return {
    id: "b3JkZXItc3RhdHVzLXVwZGF0ZXMvMC8xOA",
    orderId: "ORD-999",
    state: "waiting",
    eventType: "OrderStatusUpdate",
    event: { orderId: "ORD-999", status: "shipped" },
    topic: "order-status-updates",
    partition: 0,
    offset: 18,
    consumerGroup: "order-service-group-status-updates",
    attempts: 1,
    failures: [],
    dueAt: "2026-03-02T09:30:01.100Z",
    reason: null,
    ...overrides,
  };
}

export function auditEntry(overrides: Partial<AuditEntry> = {}): AuditEntry {
  return {
    id: 7,
    at: "2026-03-02T09:30:00.000Z",
    action: "partitions.skip",
    actor: "request-1",
    target: { topic: "order-events", partition: 1, fromOffset: 42, toOffset: 43 },
    reason: "a batch that cannot be read",
    result: "Skipped 1 offset: consumption goes on at 43",
    endedAt: "2026-03-02T09:30:00.040Z",
    ...overrides,
  };
}

export function saga(orderId: number, overrides: Partial<Saga> = {}): Saga {
  return {
    orderId,
    order: {
      orderId,
      customerId: "CUST-1",
      status: "NEW",
      source: null,
      items: [{ productId: "P-1", quantity: 2, price: 10 }],
    },
    placedAt: "2026-03-02T09:30:00.000Z",
    settledAt: null,
    payment: null,
    stock: null,
    deadlineAt: null,
    timeline: [{ kind: "placed", at: "2026-03-02T09:30:00.000Z" }],
    ...overrides,
  };
}

export function deadLetter(overrides: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id: "order-status-updates/0/17",
    deadLetterTopic: "order-events-dlq",
    orderId: "ORD-999",
    eventType: "OrderStatusUpdate",
    originalMessage: '{"orderId":"ORD-999","status":"shipped"}',
    originalValue: "AAAAAAEA",
    sizeBytes: 6,
    omittedValue: null,
    originalTopic: "order-status-updates",
    originalPartition: 0,
    originalOffset: 17,
    consumerGroup: "order-service-group-status-updates",
    errorType: "ValueError",
    errorCategory: "RETRY_THEN_DLQ",
    reason: "unknown_order",
    errorMessage: "Order ORD-999 not found. Cannot update status. Sending to DLQ.",
    attempts: 4,
    firstFailureAt: "2026-03-02T09:30:00.100Z",
    lastFailureAt: "2026-03-02T09:30:07.200Z",
    state: "open",
    replays: 0,
    fingerprint: "9f2c4a1b7d3e5f60",
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
