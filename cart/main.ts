// `bun run cart`: cart alone, against a real Kafka and registry. It keeps nothing, and therefore has no database.
import { openParts } from "../service/open-parts.ts";
import { runService } from "../service/run-service.ts";
import { openCart } from "./open-cart.ts";

await runService(
  async (settings, logger) => {
    if (settings.KAFKA_BROKERS === undefined) {
      throw new Error(
        "cart alone needs KAFKA_BROKERS and SCHEMA_REGISTRY_URL: `bun run start` brings embedded ones for both.",
      );
    }
    const parts = openParts(settings);
    const cart = await openCart(settings, parts, logger);
    return { banner: [`cart ${cart.url}`, `docs ${cart.url}/docs`], close: () => cart.close() };
  },
  { keepsOrders: false },
);
