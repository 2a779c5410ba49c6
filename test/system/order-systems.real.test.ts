import { describe, test } from "bun:test";
import { openProduct } from "./open-product.ts";
import { describeOrderSystems } from "./order-systems.spec.ts";
import { realEnvironment } from "./real-environment.ts";

const name = "systems A and B on real Kafka, registry and PostgreSQL";
const environment = realEnvironment();

if (environment === undefined) {
  describe.skip(name, () => {
    test("needs TEST_KAFKA_BROKERS, TEST_SCHEMA_REGISTRY_URL and TEST_DATABASE_URL", () => undefined);
  });
} else {
  describeOrderSystems(name, `${environment.prefix}-`, async () => {
    const product = await openProduct(await environment.open());
    return {
      ...product,
      async close() {
        await product.close();
        await environment.remove();
      },
    };
  });
}
