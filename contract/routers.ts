// The tRPC contract. A router is a function of the ports it needs, so the contract owns names, inputs and errors,
// and cart and order own what happens. The clients' types are these functions' return types.
import { initTRPC } from "@trpc/server";
import { z } from "zod";
import { refusalOf } from "./access.ts";
import { auditPageQuerySchema } from "./audit.ts";
import { historyQuerySchema, liveQuerySchema } from "./live.ts";
import { watchOrdersSchema } from "./order-feed.ts";
import {
  deadLetterCountQuerySchema,
  deadLetterPageQuerySchema,
  deadLetterQuerySchema,
} from "./dead-letters.ts";
import {
  createOrderSchema,
  orderPageQuerySchema,
  orderQuerySchema,
  topicQuerySchema,
  updateStatusSchema,
} from "./models.ts";
import { parkedPageQuerySchema, parkedTargetSchema } from "./parked.ts";
import { skipPartitionSchema } from "./partitions.ts";
import { defaultDeadlineMs, perform, wallTimer, type Conditions } from "./perform.ts";
import type { OrderCommands, RequestContext } from "./ports.ts";
import {
  cartProcedures,
  orderProcedures,
  orderStreams,
  type CartProcedures,
  type Implemented,
  type OrderProcedures,
  type OrderPorts,
  type OrderStreams,
  type Procedure,
} from "./procedures.ts";
import {
  annotateGroupSchema,
  checkEditedSchema,
  moveLettersSchema,
  previewReplaySchema,
  replayItemsQuerySchema,
  replayOrderSchema,
  replayPageQuerySchema,
  replayQuerySchema,
  setReplayRateSchema,
  startEditedSchema,
  startReplaySchema,
  watchLettersSchema,
  watchReplaySchema,
} from "./replays.ts";
import type { ContractFailure } from "./errors.ts";
import type { Result } from "./result.ts";
import { failureOf, rpcErrorOf, rpcErrorShape } from "./rpc-errors.ts";
import { watcher } from "./watch.ts";
import { placeOrderSchema, sagaPageQuerySchema, sagaQuerySchema } from "./sagas.ts";
import { schemaVersionQuerySchema } from "./schema-versions.ts";
import { subscription, type StreamRequest } from "./streams.ts";
import { tailQuerySchema } from "./topics.ts";
import { validatedInput } from "./validated-input.ts";

/** What the transport hands to every call. */
export interface RpcContext {
  readonly request: RequestContext;
}

const t = initTRPC.context<RpcContext>().create({
  isDev: false,
  // Proxies and Bun close a stream on which nothing comes.
  sse: { ping: { enabled: true, intervalMs: 5000 }, client: { reconnectAfterInactivityMs: 15_000 } },
  // Building a router needs no server: the contract loads wherever the clients do.
  allowOutsideOfServer: true,
  errorFormatter: ({ error, ctx }) => rpcErrorShape(failureOf(error), ctx?.request.requestId ?? null),
});

/** Every procedure is one of these: what the caller's role may not do is refused before its input is looked at. */
const operation = t.procedure.use(({ path, ctx, next }) => {
  const refusal = refusalOf(ctx.request.caller, path);
  if (refusal !== undefined) throw rpcErrorOf(refusal);
  return next();
});

const silent: Conditions = { deadlineMs: defaultDeadlineMs, timer: wallTimer, onSurprise: () => {} };

/** Without `conditions`, exceptions of a port still become `internal` but nobody hears of them. */
export function cartRouter(commands: OrderCommands, conditions: Conditions = silent) {
  return cartRouterOver(cartProcedures(commands), conditions);
}

export function orderRouter(ports: OrderPorts, conditions: Conditions = silent) {
  return orderRouterOver(orderProcedures(ports), orderStreams(ports), conditions);
}

export type CartRouter = ReturnType<typeof cartRouter>;
export type OrderRouter = ReturnType<typeof orderRouter>;

/** For a caller that serves the dialects over the same procedures. */
export function cartRouterOver(procedures: Implemented<CartProcedures>, conditions: Conditions) {
  const call = caller(conditions);
  return t.router({
    orders: t.router({
      create: operation
        .input(validatedInput(createOrderSchema))
        .mutation(({ input, ctx }) => call(procedures["orders.create"], input, ctx.request)),
      updateStatus: operation
        .input(validatedInput(updateStatusSchema))
        .mutation(({ input, ctx }) => call(procedures["orders.updateStatus"], input, ctx.request)),
    }),
  });
}

export function orderRouterOver(
  procedures: Implemented<OrderProcedures>,
  streams: OrderStreams,
  conditions: Conditions,
) {
  const call = caller(conditions);
  const ask = asker(conditions);
  const watch = watcher(conditions.timer, conditions.closing);
  return t.router({
    orders: t.router({
      details: operation
        .input(validatedInput(orderQuerySchema))
        .query(({ input, ctx }) => call(procedures["orders.details"], input, ctx.request)),
      list: operation
        .input(validatedInput(orderPageQuerySchema))
        .query(({ input, ctx }) => call(procedures["orders.list"], input, ctx.request)),
      idsFromTopic: operation
        .input(validatedInput(topicQuerySchema))
        .query(({ input, ctx }) => call(procedures["orders.idsFromTopic"], input, ctx.request)),
      /** What orders become: see `orderFeedEventSchema`. */
      watch: t.procedure
        .input(validatedInput(watchOrdersSchema))
        .subscription(({ input, ctx, signal }) =>
          subscription(
            streams["orders.watch"](
              { orderId: input?.orderId },
              reader(input?.lastEventId, signal),
              ctx.request,
            ),
            signal,
          ),
        ),
    }),
    dlq: t.router({
      list: operation
        .input(validatedInput(deadLetterPageQuerySchema))
        .query(({ input, ctx }) => call(procedures["dlq.list"], input, ctx.request)),
      count: operation
        .input(validatedInput(deadLetterCountQuerySchema))
        .query(({ input, ctx }) => call(procedures["dlq.count"], input, ctx.request)),
      get: operation
        .input(validatedInput(deadLetterQuerySchema))
        .query(({ input, ctx }) => call(procedures["dlq.get"], input, ctx.request)),
      stats: operation
        .input(validatedInput(z.void()))
        .query(({ input, ctx }) => call(procedures["dlq.stats"], input, ctx.request)),
      info: operation
        .input(validatedInput(z.void()))
        .query(({ input, ctx }) => call(procedures["dlq.info"], input, ctx.request)),
      counts: operation
        .input(validatedInput(z.void()))
        .query(({ input, ctx }) => call(procedures["dlq.counts"], input, ctx.request)),
      /** The counts, and again whenever they have changed. */
      watch: operation.input(validatedInput(watchLettersSchema)).subscription(({ input, ctx, signal }) =>
        watch({
          read: () => ask(procedures["dlq.counts"], undefined, ctx.request),
          idOf: ({ byState }) => Object.values(byState).join("."),
          lastEventId: input?.lastEventId,
          signal,
        }),
      ),
      groups: operation
        .input(validatedInput(z.void()))
        .query(({ input, ctx }) => call(procedures["dlq.groups"], input, ctx.request)),
      annotate: operation
        .input(validatedInput(annotateGroupSchema))
        .mutation(({ input, ctx }) => call(procedures["dlq.annotate"], input, ctx.request)),
      discard: operation
        .input(validatedInput(moveLettersSchema))
        .mutation(({ input, ctx }) => call(procedures["dlq.discard"], input, ctx.request)),
      restore: operation
        .input(validatedInput(moveLettersSchema))
        .mutation(({ input, ctx }) => call(procedures["dlq.restore"], input, ctx.request)),
    }),
    parked: t.router({
      list: operation
        .input(validatedInput(parkedPageQuerySchema))
        .query(({ input, ctx }) => call(procedures["parked.list"], input, ctx.request)),
      retryNow: operation
        .input(validatedInput(parkedTargetSchema))
        .mutation(({ input, ctx }) => call(procedures["parked.retryNow"], input, ctx.request)),
      deadLetterNow: operation
        .input(validatedInput(parkedTargetSchema))
        .mutation(({ input, ctx }) => call(procedures["parked.deadLetterNow"], input, ctx.request)),
    }),
    partitions: t.router({
      skip: operation
        .input(validatedInput(skipPartitionSchema))
        .mutation(({ input, ctx }) => call(procedures["partitions.skip"], input, ctx.request)),
    }),
    replays: t.router({
      preview: operation
        .input(validatedInput(previewReplaySchema))
        .query(({ input, ctx }) => call(procedures["replays.preview"], input, ctx.request)),
      start: operation
        .input(validatedInput(startReplaySchema))
        .mutation(({ input, ctx }) => call(procedures["replays.start"], input, ctx.request)),
      startEdited: operation
        .input(validatedInput(startEditedSchema))
        .mutation(({ input, ctx }) => call(procedures["replays.startEdited"], input, ctx.request)),
      checkEdited: operation
        .input(validatedInput(checkEditedSchema))
        .query(({ input, ctx }) => call(procedures["replays.checkEdited"], input, ctx.request)),
      get: operation
        .input(validatedInput(replayQuerySchema))
        .query(({ input, ctx }) => call(procedures["replays.get"], input, ctx.request)),
      timeline: operation
        .input(validatedInput(replayQuerySchema))
        .query(({ input, ctx }) => call(procedures["replays.timeline"], input, ctx.request)),
      /** The job, and again whenever it has changed, until it has ended. */
      watch: operation.input(validatedInput(watchReplaySchema)).subscription(({ input, ctx, signal }) =>
        watch({
          read: () => ask(procedures["replays.get"], { id: input.id }, ctx.request),
          idOf: ({ counts, state, pauseCause, ratePerSecond, endedAt }) =>
            [...Object.values(counts), state, pauseCause, ratePerSecond, endedAt].join("."),
          isLast: ({ endedAt }) => endedAt !== null,
          lastEventId: input.lastEventId,
          signal,
        }),
      ),
      list: operation
        .input(validatedInput(replayPageQuerySchema))
        .query(({ input, ctx }) => call(procedures["replays.list"], input, ctx.request)),
      items: operation
        .input(validatedInput(replayItemsQuerySchema))
        .query(({ input, ctx }) => call(procedures["replays.items"], input, ctx.request)),
      pause: operation
        .input(validatedInput(replayOrderSchema))
        .mutation(({ input, ctx }) => call(procedures["replays.pause"], input, ctx.request)),
      resume: operation
        .input(validatedInput(replayOrderSchema))
        .mutation(({ input, ctx }) => call(procedures["replays.resume"], input, ctx.request)),
      cancel: operation
        .input(validatedInput(replayOrderSchema))
        .mutation(({ input, ctx }) => call(procedures["replays.cancel"], input, ctx.request)),
      setRate: operation
        .input(validatedInput(setReplayRateSchema))
        .mutation(({ input, ctx }) => call(procedures["replays.setRate"], input, ctx.request)),
    }),
    audit: t.router({
      list: operation
        .input(validatedInput(auditPageQuerySchema))
        .query(({ input, ctx }) => call(procedures["audit.list"], input, ctx.request)),
    }),
    sagas: t.router({
      place: operation
        .input(validatedInput(placeOrderSchema))
        .mutation(({ input, ctx }) => call(procedures["sagas.place"], input, ctx.request)),
      list: operation
        .input(validatedInput(sagaPageQuerySchema))
        .query(({ input, ctx }) => call(procedures["sagas.list"], input, ctx.request)),
      order: operation
        .input(validatedInput(sagaQuerySchema))
        .query(({ input, ctx }) => call(procedures["sagas.order"], input, ctx.request)),
      get: operation
        .input(validatedInput(sagaQuerySchema))
        .query(({ input, ctx }) => call(procedures["sagas.get"], input, ctx.request)),
      stats: operation
        .input(validatedInput(z.void()))
        .query(({ input, ctx }) => call(procedures["sagas.stats"], input, ctx.request)),
      pending: operation
        .input(validatedInput(z.void()))
        .query(({ input, ctx }) => call(procedures["sagas.pending"], input, ctx.request)),
    }),
    catalog: t.router({
      list: operation
        .input(validatedInput(z.void()))
        .query(({ input, ctx }) => call(procedures["catalog.list"], input, ctx.request)),
    }),
    live: t.router({
      /** What happens, as it happens: see `liveEventSchema`. */
      events: operation
        .input(validatedInput(liveQuerySchema))
        .subscription(({ input, ctx, signal }) =>
          subscription(
            streams["live.events"](undefined, reader(input?.lastEventId, signal), ctx.request),
            signal,
          ),
        ),
    }),
    stats: t.router({
      now: operation
        .input(validatedInput(z.void()))
        .query(({ input, ctx }) => call(procedures["stats.now"], input, ctx.request)),
      history: operation
        .input(validatedInput(historyQuerySchema))
        .query(({ input, ctx }) => call(procedures["stats.history"], input, ctx.request)),
    }),
    topics: t.router({
      list: operation
        .input(validatedInput(z.void()))
        .query(({ input, ctx }) => call(procedures["topics.list"], input, ctx.request)),
      partitions: operation
        .input(validatedInput(z.void()))
        .query(({ input, ctx }) => call(procedures["topics.partitions"], input, ctx.request)),
      /** The last records of a topic and those that come. */
      tail: operation
        .input(validatedInput(tailQuerySchema))
        .subscription(({ input: { topic, lastEventId }, ctx, signal }) =>
          subscription(streams["topics.tail"]({ topic }, reader(lastEventId, signal), ctx.request), signal),
        ),
    }),
    schemas: t.router({
      list: operation
        .input(validatedInput(z.void()))
        .query(({ input, ctx }) => call(procedures["schemas.list"], input, ctx.request)),
      get: operation
        .input(validatedInput(schemaVersionQuerySchema))
        .query(({ input, ctx }) => call(procedures["schemas.get"], input, ctx.request)),
    }),
    settings: t.router({
      effective: operation
        .input(validatedInput(z.void()))
        .query(({ input, ctx }) => call(procedures["settings.effective"], input, ctx.request)),
    }),
  });
}

function reader(lastEventId: string | undefined, signal: AbortSignal | undefined): StreamRequest {
  return { lastEventId, signal: signal ?? new AbortController().signal };
}

/** A failure leaves as an exception here and only here, because tRPC has no other way to say it. */
function caller(conditions: Conditions) {
  const ask = asker(conditions);
  return async <Input, Answer>(
    procedure: Procedure<Input, Answer>,
    input: Input,
    context: RequestContext,
  ): Promise<Answer> => {
    const result = await ask(procedure, input, context);
    if (!result.ok) throw rpcErrorOf(result.failure);
    return result.value;
  };
}

function asker(conditions: Conditions) {
  return <Input, Answer>(
    { effect, run }: Procedure<Input, Answer>,
    input: Input,
    context: RequestContext,
  ): Promise<Result<Answer, ContractFailure>> =>
    perform<Answer>(conditions, effect, context.requestId, () => run(input, context));
}
