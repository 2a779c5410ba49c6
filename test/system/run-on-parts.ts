// Runs a behaviour suite on the embedded parts, or on the real ones that the runner started, or says that there are none.
import { describe, test } from "bun:test";
import { type OpenProduct, openProduct } from "./open-product.ts";
import { realEnvironment } from "./real-environment.ts";

/** `prefix` keeps the suite's orders apart from others on the same parts. */
export type DescribeSuite = (name: string, prefix: string, open: () => Promise<OpenProduct>) => void;

type Environment = Readonly<Record<string, string>>;

export function runOnEmbeddedParts(
  name: string,
  describeSuite: DescribeSuite,
  environment: Environment = {},
): void {
  describeSuite(`${name} on the embedded parts`, "", () => openProduct(environment));
}

export function runOnRealParts(name: string, describeSuite: DescribeSuite, settings: Environment = {}): void {
  const title = `${name} on real Kafka, registry and PostgreSQL`;
  const environment = realEnvironment();
  if (environment === undefined) {
    describe.skip(title, () => {
      test("needs TEST_KAFKA_BROKERS, TEST_SCHEMA_REGISTRY_URL and TEST_DATABASE_URL", () => undefined);
    });
    return;
  }
  describeSuite(title, `${environment.prefix}-`, async () => {
    const product = await openProduct({ ...(await environment.open()), ...settings });
    return {
      ...product,
      async close() {
        await product.close();
        await environment.remove();
      },
    };
  });
}
