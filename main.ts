// cart and order in one process: the newcomer's run. With settings for real parts it is the same two services.
import { openCart } from "./cart/open-cart.ts";
import { openOrder } from "./order/open-order.ts";
import { createClosing } from "./service/closing.ts";
import { openParts } from "./service/open-parts.ts";
import { runService } from "./service/run-service.ts";
import { untilReady } from "./service/until-ready.ts";

await runService(async (settings, logger) => {
  const closing = createClosing();
  const parts = openParts(settings);
  closing.add(() => parts.close());
  const order = await openOrder(settings, parts, logger);
  closing.add(() => order.close());
  const cart = await openCart(settings, parts, logger);
  closing.add(() => cart.close());
  // The embedded parts are there at once, so the first call finds everything ready; real ones may be away for long.
  if (parts.clusterLife !== undefined) await untilReady([cart, order], 10_000);

  const embedded = [
    "",
    "Kafka and the registry are embedded and live in memory: Ctrl-C forgets what is on the topics.",
    "Set KAFKA_BROKERS, SCHEMA_REGISTRY_URL and DATABASE_URL for real ones.",
  ];
  const banner = [
    "",
    `  cart     ${cart.url}            creates and updates orders          ${cart.url}/docs`,
    `  order    ${order.url}            answers for them                    ${order.url}/docs`,
    `  console  ${order.url}/console    what failed, why, and what waits`,
    "",
    "Try:",
    `  curl -X POST ${cart.url}/create-order -d '{"orderId":"ORDER-001","itemsCount":3}'`,
    `  curl '${order.url}/order-details?orderId=ORDER-001'`,
    ...(parts.clusterLife === undefined ? [] : embedded),
  ];
  return { banner, close: () => closing.run() };
});
