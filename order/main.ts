// `bun run order`: order alone, against a real Kafka, registry and database.
import { openParts } from "../service/open-parts.ts";
import { runService } from "../service/run-service.ts";
import { openOrder } from "./open-order.ts";

await runService(async (settings, logger) => {
  if (settings.KAFKA_BROKERS === undefined) {
    throw new Error(
      "order alone needs KAFKA_BROKERS, SCHEMA_REGISTRY_URL and DATABASE_URL: `bun run start` brings embedded ones for both.",
    );
  }
  const parts = openParts(settings);
  const order = await openOrder(settings, parts, logger);
  return {
    banner: [`order ${order.url}`, `docs ${order.url}/docs`, `console ${order.url}/console`],
    close: () => order.close(),
  };
});
