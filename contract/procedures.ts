// The procedures of both services, whatever protocol calls them: what each takes, what it answers, and whether
// it changes anything. The tRPC routers and the dialects call the same ones, so they cannot drift apart.
import type { AuditPage, AuditPageQuery } from "./audit.ts";
import type {
  DeadLetterCount,
  DeadLetterCountQuery,
  DeadLetterDetails,
  DeadLetterInfo,
  DeadLetterPage,
  DeadLetterPageQuery,
  DeadLetterQuery,
  DeadLetterStats,
} from "./dead-letters.ts";
import type { OrderFeedEvent, OrderFeedQuery } from "./order-feed.ts";
import type { EffectiveSettings } from "./effective-settings.ts";
import {
  deadLetterNotFound,
  orderNotFound,
  parkedNotFound,
  replayNotFound,
  schemaNotFound,
  topicNotConsumed,
  topicNotKnown,
  waitingNotFound,
  type ContractFailure,
} from "./errors.ts";
import type { History, HistoryQuery, LiveEvent, Now } from "./live.ts";
import type {
  CreateOrder,
  Order,
  OrderDetails,
  OrderIds,
  OrderPage,
  OrderPageQuery,
  OrderQuery,
  StatusUpdate,
  TopicQuery,
  UpdateStatus,
} from "./models.ts";
import type { ParkedPage, ParkedPageQuery, ParkedTarget } from "./parked.ts";
import type { PartitionSkip, SkipPartition } from "./partitions.ts";
import type {
  AuditViews,
  CatalogViews,
  DeadLetterViews,
  LetterOperations,
  LiveViews,
  OrderCommands,
  OrderFeed,
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
} from "./ports.ts";
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
  ReplayQuery,
  ReplayTimeline,
  SetReplayRate,
  StartEdited,
  StartReplay,
} from "./replays.ts";
import { failed, success, type Result } from "./result.ts";
import type {
  Catalog,
  PendingHalves,
  PlaceOrder,
  Saga,
  SagaOrder,
  SagaPage,
  SagaPageQuery,
  SagaQuery,
  SagaStats,
} from "./sagas.ts";
import type { SchemaVersion, SchemaVersionQuery, Subjects } from "./schema-versions.ts";
import type { OpenStream } from "./streams.ts";
import type { KnownTopics, TailEvent, TopicPartitions } from "./topics.ts";

/** Whether a request that was cut off may have left something behind. */
export type Effect = "read" | "write";

export interface Procedure<Input, Answer> {
  readonly effect: Effect;
  /** `input` has been validated. */
  readonly run: (input: Input, context: RequestContext) => Promise<Result<Answer, ContractFailure>>;
}

/** One service's procedures by name, implemented. */
export type Implemented<Catalogue extends Signatures<Catalogue>> = {
  readonly [Name in keyof Catalogue]: Procedure<Catalogue[Name]["input"], Catalogue[Name]["answer"]>;
};
export type Signatures<Catalogue> = Record<keyof Catalogue, { input: unknown; answer: unknown }>;

export interface CartProcedures {
  "orders.create": { input: CreateOrder; answer: Order };
  "orders.updateStatus": { input: UpdateStatus; answer: StatusUpdate };
}

export interface OrderProcedures {
  "orders.details": { input: OrderQuery; answer: OrderDetails };
  "orders.list": { input: OrderPageQuery; answer: OrderPage };
  "orders.idsFromTopic": { input: TopicQuery; answer: OrderIds };
  "dlq.list": { input: DeadLetterPageQuery; answer: DeadLetterPage };
  "dlq.count": { input: DeadLetterCountQuery; answer: DeadLetterCount };
  "dlq.get": { input: DeadLetterQuery; answer: DeadLetterDetails };
  "dlq.stats": { input: void; answer: DeadLetterStats };
  "dlq.info": { input: void; answer: DeadLetterInfo };
  "parked.list": { input: ParkedPageQuery; answer: ParkedPage };
  "parked.retryNow": { input: ParkedTarget; answer: ParkedTarget };
  "parked.deadLetterNow": { input: ParkedTarget; answer: ParkedTarget };
  "partitions.skip": { input: SkipPartition; answer: PartitionSkip };
  "dlq.counts": { input: void; answer: LetterCounts };
  "dlq.groups": { input: void; answer: LetterGroups };
  "dlq.annotate": { input: AnnotateGroup; answer: { readonly fingerprint: string } };
  "dlq.discard": { input: MoveLetters; answer: MovedLetters };
  "dlq.restore": { input: MoveLetters; answer: MovedLetters };
  "replays.preview": { input: PreviewReplay; answer: ReplayPreview };
  "replays.start": { input: StartReplay; answer: ReplayJob };
  "replays.startEdited": { input: StartEdited; answer: ReplayJob };
  "replays.checkEdited": { input: CheckEdited; answer: EditedCheck };
  "replays.get": { input: ReplayQuery; answer: ReplayJob };
  "replays.timeline": { input: ReplayQuery; answer: ReplayTimeline };
  "replays.list": { input: ReplayPageQuery; answer: ReplayPage };
  "replays.items": { input: ReplayItemsQuery; answer: ReplayItems };
  "replays.pause": { input: ReplayOrder; answer: ReplayJob };
  "replays.resume": { input: ReplayOrder; answer: ReplayJob };
  "replays.cancel": { input: ReplayOrder; answer: ReplayJob };
  "replays.setRate": { input: SetReplayRate; answer: ReplayJob };
  "audit.list": { input: AuditPageQuery; answer: AuditPage };
  "sagas.place": { input: PlaceOrder; answer: SagaOrder };
  "sagas.list": { input: SagaPageQuery; answer: SagaPage };
  "sagas.order": { input: SagaQuery; answer: SagaOrder };
  "sagas.get": { input: SagaQuery; answer: Saga };
  "sagas.stats": { input: void; answer: SagaStats };
  "sagas.pending": { input: void; answer: PendingHalves };
  "catalog.list": { input: void; answer: Catalog };
  "stats.now": { input: void; answer: Now };
  "stats.history": { input: HistoryQuery; answer: History };
  "topics.list": { input: void; answer: KnownTopics };
  "topics.partitions": { input: void; answer: TopicPartitions };
  "schemas.list": { input: void; answer: Subjects };
  "schemas.get": { input: SchemaVersionQuery; answer: SchemaVersion };
  "settings.effective": { input: void; answer: EffectiveSettings };
}

/** order's streams by name, beside its procedures. */
export interface OrderStreams {
  readonly "orders.watch": OpenStream<OrderFeedQuery, OrderFeedEvent>;
  readonly "live.events": OpenStream<void, LiveEvent>;
  readonly "topics.tail": OpenStream<{ readonly topic: string }, TailEvent>;
}

export interface OrderPorts {
  readonly views: OrderViews;
  readonly deadLetters: DeadLetterViews;
  readonly parked: ParkedViews;
  readonly partitions: PartitionOperations;
  readonly letters: LetterOperations;
  readonly replays: ReplayOperations;
  readonly audit: AuditViews;
  readonly sagaCommands: SagaCommands;
  readonly sagas: SagaViews;
  readonly catalog: CatalogViews;
  readonly feed: OrderFeed;
  readonly live: LiveViews;
  readonly topics: TopicViews;
  readonly schemas: SchemaViews;
  readonly settings: SettingsViews;
}

export function orderStreams({
  feed,
  live,
  topics,
}: Pick<OrderPorts, "feed" | "live" | "topics">): OrderStreams {
  return {
    "orders.watch": (query, request) => feed.watch(query, request),
    "live.events": async (_input, request) => success(live.events(request)),
    "topics.tail": async ({ topic }, request) =>
      wordedAs(topicNotKnown(topic), await topics.tail(topic, request)),
  };
}

export function cartProcedures(commands: OrderCommands): Implemented<CartProcedures> {
  return {
    "orders.create": write((input, context) => commands.createOrder(input, context)),
    "orders.updateStatus": write((input, context) => commands.updateStatus(input, context)),
  };
}

export function orderProcedures({
  views,
  deadLetters,
  parked,
  partitions,
  letters,
  replays,
  audit,
  sagaCommands,
  sagas,
  catalog,
  live,
  topics,
  schemas,
  settings,
}: OrderPorts): Implemented<OrderProcedures> {
  return {
    "orders.details": read(async ({ orderId }) =>
      wordedAs(orderNotFound(orderId), await views.details(orderId)),
    ),
    "orders.list": read((query) => views.list(query)),
    "orders.idsFromTopic": read(async ({ topic }) =>
      wordedAs(topicNotConsumed(topic), await views.idsFromTopic(topic)),
    ),
    "dlq.list": read((query) => deadLetters.list(query)),
    "dlq.count": read((query) => deadLetters.count(query)),
    "dlq.get": read(async ({ id }) => wordedAs(deadLetterNotFound(id), await deadLetters.get(id))),
    "dlq.stats": read(() => deadLetters.stats()),
    "dlq.info": read(() => deadLetters.info()),
    "parked.list": read((query) => parked.list(query)),
    "parked.retryNow": write(async ({ id }, context) =>
      wordedAs(waitingNotFound, await parked.retryNow(id, context)),
    ),
    "parked.deadLetterNow": write(async ({ id }, context) =>
      wordedAs(parkedNotFound, await parked.deadLetterNow(id, context)),
    ),
    "partitions.skip": write((command, context) => partitions.skip(command, context)),
    "dlq.counts": read(() => letters.counts()),
    "dlq.groups": read(() => letters.groups()),
    "dlq.annotate": write((note, context) => letters.annotate(note, context)),
    "dlq.discard": write((command, context) => letters.discard(command, context)),
    "dlq.restore": write((command, context) => letters.restore(command, context)),
    "replays.preview": read((query) => replays.preview(query)),
    "replays.start": write((command, context) => replays.start(command, context)),
    "replays.startEdited": write(async (command, context) =>
      wordedAs(deadLetterNotFound(command.id), await replays.startEdited(command, context)),
    ),
    "replays.checkEdited": read(async (query) =>
      wordedAs(deadLetterNotFound(query.id), await replays.checkEdited(query)),
    ),
    "replays.get": read(async ({ id }) => wordedAs(replayNotFound(id), await replays.get(id))),
    "replays.timeline": read(async ({ id }) => wordedAs(replayNotFound(id), await replays.timeline(id))),
    "replays.list": read((query) => replays.list(query)),
    "replays.items": read(async (query) => wordedAs(replayNotFound(query.id), await replays.items(query))),
    "replays.pause": write(async (command, context) =>
      wordedAs(replayNotFound(command.id), await replays.pause(command, context)),
    ),
    "replays.resume": write(async (command, context) =>
      wordedAs(replayNotFound(command.id), await replays.resume(command, context)),
    ),
    "replays.cancel": write(async (command, context) =>
      wordedAs(replayNotFound(command.id), await replays.cancel(command, context)),
    ),
    "replays.setRate": write(async (command, context) =>
      wordedAs(replayNotFound(command.id), await replays.setRate(command, context)),
    ),
    "audit.list": read((query) => audit.list(query)),
    "sagas.place": write((order, context) => sagaCommands.place(order, context)),
    "sagas.list": read((query) => sagas.list(query)),
    "sagas.order": read(async ({ orderId }) => {
      const saga = wordedAs(orderNotFound(String(orderId)), await sagas.get(orderId));
      if (!saga.ok) return saga;
      // Decisions alone are no order yet.
      return saga.value.order === null ? failed(orderNotFound(String(orderId))) : success(saga.value.order);
    }),
    "sagas.get": read(async ({ orderId }) =>
      wordedAs(orderNotFound(String(orderId)), await sagas.get(orderId)),
    ),
    "sagas.stats": read(() => sagas.stats()),
    "sagas.pending": read(() => sagas.pending()),
    "catalog.list": read(() => catalog.list()),
    "stats.now": read(() => live.now()),
    "stats.history": read((query) => live.history(query)),
    "topics.list": read(() => topics.list()),
    "topics.partitions": read(() => topics.partitions()),
    "schemas.list": read(() => schemas.list()),
    "schemas.get": read(async (query) => wordedAs(schemaNotFound(query), await schemas.get(query))),
    "settings.effective": read(() => settings.effective()),
  };
}

function write<Input, Answer>(run: Procedure<Input, Answer>["run"]): Procedure<Input, Answer> {
  return { effect: "write", run };
}

function read<Input, Answer>(run: Procedure<Input, Answer>["run"]): Procedure<Input, Answer> {
  return { effect: "read", run };
}

/** Documented sentences are written here once, so no implementation of a port can get them wrong. */
function wordedAs<Value>(
  documented: ContractFailure,
  result: Result<Value, ContractFailure>,
): Result<Value, ContractFailure> {
  return !result.ok && result.failure.code === documented.code ? failed(documented) : result;
}
