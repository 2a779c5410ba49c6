// cart's side of the contract: a command becomes an event on its topic, and success means that the broker has it.
// Nothing is stored here and order is never asked: whether an order exists is decided where it is stored.
import type { ContractFailure } from "../contract/errors.ts";
import type { CreateOrder, Order } from "../contract/models.ts";
import type { OrderCommands, RequestContext } from "../contract/ports.ts";
import { failed, type Result, success } from "../contract/result.ts";
import type { Publisher, PublishFailure } from "../kafka/publisher.ts";
import type { RecordHeader } from "../kafka/record.ts";
import type { Codec } from "../schemas/codec.ts";
import { eventHeaders } from "../schemas/event-headers.ts";
import type { Logger } from "../service/logger.ts";
import { idempotentEventId, randomEventId, seedOf } from "./event-id.ts";
import { generateOrder } from "./generate-order.ts";
import type { IdempotencyKeys } from "./idempotency-keys.ts";
import { type CartEvent, type EventTopics, orderCreated, statusUpdated } from "./order-events.ts";

export interface OrderCommandsOptions {
  readonly publisher: Publisher;
  readonly codec: Codec;
  readonly idempotencyKeys: IdempotencyKeys;
  readonly topics: EventTopics;
  readonly logger: Logger;
  readonly now?: () => Date;
}

type Published = Result<undefined, ContractFailure>;

export function createOrderCommands(options: OrderCommandsOptions): OrderCommands {
  const { publisher, codec, idempotencyKeys, topics, logger, now = () => new Date() } = options;

  async function publish(cartEvent: CartEvent, eventId: string, context: RequestContext): Promise<Published> {
    const { topic, name, event } = cartEvent;
    const encoded = codec.encode(topic, name, event);
    if (!encoded.ok) return failed(describeEncodeFailure(encoded.failure));

    const outcome = await publisher.publish({
      topic,
      key: Buffer.from(event.orderId),
      value: encoded.value,
      headers: headersOf(eventId, context),
      // What is measured from here to the store counts the wait for a broker as well.
      timestampMs: now().getTime(),
    });
    if (outcome.ok) return success(undefined);
    const { kind, code, message } = outcome.failure;
    logger.warn("An event was not acknowledged", { topic, eventId, kind, code, reason: message });
    return failed(describePublishFailure(outcome.failure));
  }

  function generate(command: CreateOrder, eventId: string, orderedAt: Date): Order {
    const { orderId, itemCount } = command;
    return generateOrder({ orderId, itemCount, seed: seedOf(eventId), orderedAt });
  }

  async function publishCreate(
    command: CreateOrder,
    eventId: string,
    orderedAt: Date,
    context: RequestContext,
  ): Promise<Result<Order, ContractFailure>> {
    const order = generate(command, eventId, orderedAt);
    const published = await publish(orderCreated(command.system, order, topics), eventId, context);
    return published.ok ? success(order) : published;
  }

  return {
    createOrder(command, context) {
      const { idempotencyKey } = context;
      if (idempotencyKey === undefined) return publishCreate(command, randomEventId(), now(), context);

      const eventId = idempotentEventId(idempotencyKey, command);
      return idempotencyKeys.run<Result<Order, ContractFailure>>({
        key: idempotencyKey,
        fingerprint: eventId,
        publish: (requestedAt) => publishCreate(command, eventId, requestedAt, context),
        answerRepeat: (requestedAt) => success(generate(command, eventId, requestedAt)),
        refuse: () =>
          failed({
            code: "idempotency_key_reused",
            message: "This Idempotency-Key was used for another request: send a new key with a new request.",
          }),
      });
    },

    async updateStatus(command, context) {
      const published = await publish(statusUpdated(command, now(), topics), randomEventId(), context);
      return published.ok ? success({ orderId: command.orderId, status: command.status }) : published;
    },
  };
}

function headersOf(eventId: string, { traceparent }: RequestContext): RecordHeader[] {
  return eventHeaders({ eventId, ...(traceparent === undefined ? {} : { traceparent }) });
}

function describeEncodeFailure(failure: {
  kind: "registry-unavailable" | "not-serialisable";
  message: string;
}): ContractFailure {
  if (failure.kind === "not-serialisable") {
    return {
      code: "event_not_serialisable",
      message: `The event does not fit its schema: ${failure.message}`,
    };
  }
  return {
    code: "unavailable",
    message: "The schema registry cannot be reached.",
    retryAfterSeconds: 2,
  };
}

function describePublishFailure({ kind }: PublishFailure): ContractFailure {
  switch (kind) {
    case "unavailable":
      return {
        code: "unavailable",
        message: "Kafka cannot be reached.",
        retryAfterSeconds: 2,
      };
    case "unknown":
      return {
        code: "outcome_unknown",
        message: "Kafka did not acknowledge the event in time.",
        retryAfterSeconds: 2,
      };
    case "refused":
      return {
        code: "internal",
        message: "Kafka refused the event, so nothing was published: tell the operators the request id.",
      };
  }
}
