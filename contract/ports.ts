// What the procedures need from a service. cart and order satisfy these; the routers are built over them.
// Every method answers expected failures as a Result; what it throws is a surprise and becomes `internal`.
import type { ContractFailure } from "./errors.ts";
import type { DeadLetterInfo, DeadLetterPage, DeadLetterPageQuery, DeadLetterStats } from "./dead-letters.ts";
import type { CartHealthBody, OrderHealthBody } from "./health.ts";
import type {
  CreateOrder,
  Order,
  OrderDetails,
  OrderIds,
  OrderPage,
  OrderPageQuery,
  StatusUpdate,
  UpdateStatus,
} from "./models.ts";
import type { Result } from "./result.ts";

/** What the transport knows about a request and a command may need. */
export interface RequestContext {
  /** The client's `X-Request-Id` when it is well-formed, else made here: answered in the `X-Request-Id` header. */
  readonly requestId: string;
  /** The client's `Idempotency-Key` header, if any: 1 to 255 visible ASCII characters. */
  readonly idempotencyKey?: string;
  /** W3C `traceparent` header, if any and well-formed: passed on with the event. */
  readonly traceparent?: string;
}

type Answer<Value> = Promise<Result<Value, ContractFailure>>;

/** cart's side. A success means that the broker has acknowledged the event. */
export interface OrderCommands {
  /** Publishes the creation of a generated order; knows nothing of orders that exist already. */
  createOrder(command: CreateOrder, context: RequestContext): Answer<Order>;
  updateStatus(command: UpdateStatus, context: RequestContext): Answer<StatusUpdate>;
}

/** order's side: what is stored. Reads go on while Kafka is away. */
export interface OrderViews {
  /** `not_found` for an order that is not stored. */
  details(orderId: string): Answer<OrderDetails>;
  list(query: OrderPageQuery): Answer<OrderPage>;
  /** `not_found` for a topic that order does not consume. */
  idsFromTopic(topic: string): Answer<OrderIds>;
}

/** order's index of dead letters: one row a failed event. */
export interface DeadLetterViews {
  list(query: DeadLetterPageQuery): Answer<DeadLetterPage>;
  stats(): Answer<DeadLetterStats>;
  info(): Answer<DeadLetterInfo>;
}

/** What `/health` answers with, per service; `healthy: false` is sent with 503. */
export interface HealthView<Body> {
  read(): Promise<{ readonly healthy: boolean; readonly body: Body }>;
  /** Whether the process can take work: false while a dependency is away or the service drains. */
  ready(): Promise<boolean>;
}
export type CartHealth = HealthView<CartHealthBody>;
export type OrderHealth = HealthView<OrderHealthBody>;
