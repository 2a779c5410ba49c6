// What the procedures need from a service. cart and order satisfy these; the routers are built over them.
// Every method answers expected failures as a Result; what it throws is a surprise and becomes `internal`.
import type { Caller } from "./access.ts";
import type { AuditPage, AuditPageQuery } from "./audit.ts";
import type { ContractFailure } from "./errors.ts";
import type {
  DeadLetterCount,
  DeadLetterCountQuery,
  DeadLetterDetails,
  DeadLetterInfo,
  DeadLetterPage,
  DeadLetterPageQuery,
  DeadLetterStats,
} from "./dead-letters.ts";
import type { OrderFeedEvent, OrderFeedQuery } from "./order-feed.ts";
import type { EffectiveSettings } from "./effective-settings.ts";
import type { CartHealthBody, OrderHealthBody, OrderHealthDetail } from "./health.ts";
import type { History, HistoryQuery, LiveEvent, Now } from "./live.ts";
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
import type { ParkedPage, ParkedPageQuery, ParkedTarget } from "./parked.ts";
import type { PartitionSkip, SkipPartition } from "./partitions.ts";
import type {
  AnnotateGroup,
  CheckEdited,
  EditedCheck,
  LetterCounts,
  LetterGroups,
  MovedLetters,
  MoveLetters,
  PreviewReplay,
  ReplayItems,
  ReplayItemsQuery,
  ReplayJob,
  ReplayOrder,
  ReplayPage,
  ReplayPageQuery,
  ReplayPreview,
  ReplayTimeline,
  SetReplayRate,
  StartEdited,
  StartReplay,
} from "./replays.ts";
import type { Result } from "./result.ts";
import type {
  Catalog,
  PendingHalves,
  PlaceOrder,
  Saga,
  SagaOrder,
  SagaPage,
  SagaPageQuery,
  SagaStats,
} from "./sagas.ts";
import type { SchemaVersion, SchemaVersionQuery, Subjects } from "./schema-versions.ts";
import type { Stream, StreamRequest } from "./streams.ts";
import type { KnownTopics, TailEvent, TopicPartitions } from "./topics.ts";

/** What the transport knows about a request and a command may need. */
export interface RequestContext {
  /** The client's `X-Request-Id` when it is well-formed, else made here: answered in the `X-Request-Id` header. */
  readonly requestId: string;
  /** The client's `Idempotency-Key` header, if any: 1 to 255 visible ASCII characters. */
  readonly idempotencyKey?: string;
  /** W3C `traceparent` header, if any and well-formed: passed on with the event. */
  readonly traceparent?: string;
  /** Whose key it came with; absent where no keys are needed. */
  readonly caller?: Caller;
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

/** order's index of dead letters: one row a failed event. Reads go on while Kafka is away. */
export interface DeadLetterViews {
  /** `invalid_request` for a cursor that it never gave out. */
  list(query: DeadLetterPageQuery): Answer<DeadLetterPage>;
  /** Answers within a few seconds: exactly, or with what it has counted until then. */
  count(query: DeadLetterCountQuery): Answer<DeadLetterCount>;
  /** `not_found` when no dead letter has this id. */
  get(id: string): Answer<DeadLetterDetails>;
  stats(): Answer<DeadLetterStats>;
  info(): Answer<DeadLetterInfo>;
}

/**
 * Events that failed and wait, and two orders that an operator can give about them. A success means that the order is in
 * the audit and written down: the worker that owns the partition carries it out, at once when it is this process. Both may be
 * repeated.
 */
export interface ParkedViews {
  /** `invalid_request` for a cursor that it never gave out. */
  list(query: ParkedPageQuery): Answer<ParkedPage>;
  /** Makes a waiting event due; `not_found` when there is none, `invalid_request` for an id that it never gave out. */
  retryNow(id: string, context: RequestContext): Answer<ParkedTarget>;
  /** Has a parked event dead-lettered without another attempt; failures as `retryNow`. */
  deadLetterNow(id: string, context: RequestContext): Answer<ParkedTarget>;
}

/** order's partitions, as far as this instance consumes them. */
export interface PartitionOperations {
  /**
   * Reads on past records that cannot be read. A success means that the progress is moved and committed: consumption goes
   * on from there in a moment. `not_found` when this instance does not report the partition as stalled, `invalid_request`
   * when it stands still elsewhere or ends before `toOffset`. Written to the audit before anything is done.
   */
  skip(command: SkipPartition, context: RequestContext): Answer<PartitionSkip>;
}

/** What is done about dead letters as a whole, and what became of it. Every order is in the audit before it is carried out. */
export interface LetterOperations {
  counts(): Answer<LetterCounts>;
  groups(): Answer<LetterGroups>;
  /** `not_found` for a fingerprint that no letter has. */
  annotate(note: AnnotateGroup, context: RequestContext): Answer<{ readonly fingerprint: string }>;
  /** Open letters that nobody has to look at any more; the count is exact. */
  discard(command: MoveLetters, context: RequestContext): Answer<MovedLetters>;
  /** Makes discarded letters open again. */
  restore(command: MoveLetters, context: RequestContext): Answer<MovedLetters>;
}

/**
 * Replays of dead letters. They reach the group that failed and no other. A success of an order means that it is written down:
 * whichever instance holds the job carries it out, also after a restart.
 */
export interface ReplayOperations {
  /** What would become of the letters now; nothing is written. */
  preview(query: PreviewReplay): Answer<ReplayPreview>;
  /**
   * The scope is frozen. `total` is exact and stays, unless the job is still `gathering`: then what matched is being written
   * down, and nothing that comes later is added.
   */
  start(command: StartReplay, context: RequestContext): Answer<ReplayJob>;
  /**
   * Replays one letter with another event in its place: under a new event id, with the diff in the audit. `invalid_request` when
   * editing is off, the letter was never an event, or the event is not its order's; `event_not_serialisable` when it does not
   * fit its schema; `not_found` when no letter has this id.
   */
  startEdited(command: StartEdited, context: RequestContext): Answer<ReplayJob>;
  /** What `startEdited` would say to it now; nothing is written. `not_found` when no letter has this id. */
  checkEdited(query: CheckEdited): Answer<EditedCheck>;
  /** `not_found` when there is no such job; so are all below. */
  get(id: string): Answer<ReplayJob>;
  timeline(id: string): Answer<ReplayTimeline>;
  /** `invalid_request` for a cursor that it never gave out. */
  list(query: ReplayPageQuery): Answer<ReplayPage>;
  items(query: ReplayItemsQuery): Answer<ReplayItems>;
  /** A job that has ended, or is so already, stays as it is. */
  pause(command: ReplayOrder, context: RequestContext): Answer<ReplayJob>;
  resume(command: ReplayOrder, context: RequestContext): Answer<ReplayJob>;
  cancel(command: ReplayOrder, context: RequestContext): Answer<ReplayJob>;
  setRate(command: SetReplayRate, context: RequestContext): Answer<ReplayJob>;
}

/** What operators have ordered, on every instance. */
export interface AuditViews {
  /** `invalid_request` for a cursor that it never gave out. */
  list(query: AuditPageQuery): Answer<AuditPage>;
}

/** System C's one command. */
export interface SagaCommands {
  /**
   * A success means that the order is stored and that the broker has its `NEW`. `invalid_request` names products that the
   * catalog does not have and prices that are not its own. A repeat under the same Idempotency-Key answers with the same
   * order, as it was placed; another order under it is `idempotency_key_reused`.
   */
  place(order: PlaceOrder, context: RequestContext): Answer<SagaOrder>;
}

/** System C's orders and the decisions about them. Reads go on while Kafka is away. */
export interface SagaViews {
  list(query: SagaPageQuery): Answer<SagaPage>;
  /** `not_found` when there is neither an order nor a decision with this id. */
  get(orderId: number): Answer<Saga>;
  stats(): Answer<SagaStats>;
  /** Decisions that wait for their partner or their order, the one whose time is over soonest first; 200 at most. */
  pending(): Answer<PendingHalves>;
}

/** What this instance counts, and what is new of all instances. */
export interface LiveViews {
  now(): Answer<Now>;
  history(query: HistoryQuery): Answer<History>;
  events(request: StreamRequest): Stream<LiveEvent>;
}

/** What orders become, as it happens. `invalid_request` for all orders where nobody writes changes down. */
export interface OrderFeed {
  watch(query: OrderFeedQuery, request: StreamRequest): Answer<Stream<OrderFeedEvent>>;
}

/** The topics that this service knows, and no others. Looking disturbs nobody: no group is joined, nothing committed. */
export interface TopicViews {
  list(): Answer<KnownTopics>;
  partitions(): Answer<TopicPartitions>;
  /** The last records and those that come. `not_found` for a topic it does not know, `too_many_requests` beyond a few readers. */
  tail(topic: string, request: StreamRequest): Answer<Stream<TailEvent>>;
}

/** `unavailable` while the registry does not answer. */
export interface SchemaViews {
  list(): Answer<Subjects>;
  /** `not_found` for a subject that is not one of order's, and for a version that the registry does not have. */
  get(query: SchemaVersionQuery): Answer<SchemaVersion>;
}

export interface SettingsViews {
  effective(): Answer<EffectiveSettings>;
}

/** What system C's orders are checked against. */
export interface CatalogViews {
  /** By productId. `unavailable` while the catalog cannot be asked. */
  list(): Answer<Catalog>;
}

/** What `/health` answers with, per service; `healthy: false` is sent with 503. */
export interface HealthView<Body> {
  read(): Promise<{ readonly healthy: boolean; readonly body: Body }>;
  /** Whether the process can take work: false while a dependency is away or the service drains. */
  ready(): Promise<boolean>;
  /**
   * Whether requests should come to this instance: true from when it was ready first until it drains, also while a
   * dependency is away that every other instance lacks too, because it answers better than nobody.
   */
  serving(): Promise<boolean>;
}
export type CartHealth = HealthView<CartHealthBody>;

export interface OrderHealth extends HealthView<OrderHealthBody> {
  /** What is being waited for. Answers within a second or two and does not throw because something is away. */
  detail(): Promise<OrderHealthDetail>;
}
