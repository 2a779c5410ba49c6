// cart's composition root: what it is made of, in the order in which it opens.
import { createCartApp } from "../contract/http/cart-app.ts";
import { openPublisher } from "../kafka/publisher.ts";
import { openCodec } from "../schemas/codec.ts";
import { createApiReference } from "../service/api-reference/serve-api-reference.ts";
import { systemClock } from "../service/clock.ts";
import { createClosing } from "../service/closing.ts";
import { closingWhile, serveHttp } from "../service/http-server.ts";
import type { Logger } from "../service/logger.ts";
import { openGuards, readTlsFiles } from "../service/open-guards.ts";
import type { Parts } from "../service/open-parts.ts";
import { productVersion } from "../service/product-version.ts";
import type { OpenService } from "../service/run-service.ts";
import type { Settings } from "../service/settings.ts";
import { cartTopics, keepTopics } from "../service/topics.ts";
import { openTracing } from "../telemetry/open-tracing.ts";
import { processFamilies, watchEventLoop } from "../telemetry/process-metrics.ts";
import { tracedObserver } from "../telemetry/traced-observer.ts";
import { cartSubjects } from "../service/subjects.ts";
import { createCartHealth } from "./cart-health.ts";
import { createCartPage, createCartTally } from "./cart-tally.ts";
import { createIdempotencyKeys } from "./idempotency-keys.ts";
import { createOrderCommands } from "./order-commands.ts";

/** Serves at once, also while Kafka or the registry is away: requests are then answered with 503. */
export async function openCart(settings: Settings, parts: Parts, parentLogger: Logger): Promise<OpenService> {
  const logger = parentLogger.child({ service: "cart" });
  const closing = createClosing();
  let draining = false;

  const loop = watchEventLoop(systemClock);
  closing.add(() => loop.stop());

  const topics = { orders: settings.KAFKA_ORDER_TOPIC, statusUpdates: settings.KAFKA_STATUS_UPDATE_TOPIC };
  const tally = createCartTally(Object.values(topics));
  const tracing = await openTracing(settings, "cart");
  closing.add(() => tracing?.close());
  const codec = openCodec({
    registry: tally.registry.observed(parts.registry),
    subjects: cartSubjects(settings),
    logger,
  });
  closing.add(() => codec.close());

  const topicKeeper = keepTopics(parts, settings, logger, cartTopics(settings));
  closing.add(() => topicKeeper.stop());

  const publisher = await openPublisher({
    brokers: parts.brokers,
    security: parts.security,
    clientId: "orderwire-cart",
    logger,
    onPublished: tally.publish.onPublished,
  });
  closing.add(() => publisher.close());

  const commands = createOrderCommands({
    publisher,
    codec,
    topics,
    logger,
    idempotencyKeys: createIdempotencyKeys(),
    tracing,
  });
  const health = createCartHealth({ publisher, codec, draining: () => draining });
  const app = createCartApp({
    version: productVersion,
    reference: createApiReference({ title: "Orderwire cart" }),
    commands,
    health,
    observer: tracedObserver(tally.http, tracing),
    metrics: createCartPage(tally, { publisher, ready: () => health.ready() }, processFamilies(loop)),
    guards: openGuards(settings, logger, closing),
    onSurprise: (error, requestId) =>
      logger.error("A request failed on our side", { requestId, cause: String(error) }),
  });
  const server = serveHttp({
    hostname: settings.HOST,
    port: settings.CART_PORT,
    fetch: closingWhile(() => draining, app.fetch),
    tls: readTlsFiles(settings),
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
