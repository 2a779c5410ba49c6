// cart's composition root: what it is made of, in the order in which it opens.
import { createCartApp } from "../contract/http/cart-app.ts";
import { openPublisher } from "../kafka/publisher.ts";
import { openCodec } from "../schemas/codec.ts";
import { createClosing } from "../service/closing.ts";
import { closingWhile, serveHttp } from "../service/http-server.ts";
import type { Logger } from "../service/logger.ts";
import type { Parts } from "../service/open-parts.ts";
import type { OpenService } from "../service/run-service.ts";
import type { Settings } from "../service/settings.ts";
import { cartSubjects } from "../service/subjects.ts";
import { keepTopics } from "../service/topics.ts";
import { createCartHealth } from "./cart-health.ts";
import { createIdempotencyKeys } from "./idempotency-keys.ts";
import { createOrderCommands } from "./order-commands.ts";

/** Serves at once, also while Kafka or the registry is away: requests are then answered with 503. */
export async function openCart(settings: Settings, parts: Parts, parentLogger: Logger): Promise<OpenService> {
  const logger = parentLogger.child({ service: "cart" });
  const closing = createClosing();
  let draining = false;

  const topics = { orders: settings.KAFKA_ORDER_TOPIC, statusUpdates: settings.KAFKA_STATUS_UPDATE_TOPIC };
  const codec = openCodec({
    registry: parts.registry,
    subjects: cartSubjects(settings),
    logger,
  });
  closing.add(() => codec.close());

  const topicKeeper = keepTopics(parts, settings, logger);
  closing.add(() => topicKeeper.stop());

  const publisher = await openPublisher({ brokers: parts.brokers, clientId: "orderwire-cart", logger });
  closing.add(() => publisher.close());

  const commands = createOrderCommands({
    publisher,
    codec,
    topics,
    logger,
    idempotencyKeys: createIdempotencyKeys(),
  });
  const health = createCartHealth({ publisher, codec, draining: () => draining });
  const app = createCartApp({
    commands,
    health,
    onSurprise: (error, requestId) =>
      logger.error("A request failed on our side", { requestId, cause: String(error) }),
  });
  const server = serveHttp({
    hostname: settings.HOST,
    port: settings.CART_PORT,
    fetch: closingWhile(() => draining, app.fetch),
  });
  closing.add(() => server.stop(5000));

  return {
    url: server.url,
    ready: () => health.ready(),
    async close() {
      draining = true;
      await Bun.sleep(settings.DRAIN_MS);
      await closing.run();
    },
  };
}
