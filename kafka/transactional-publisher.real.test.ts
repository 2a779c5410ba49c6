// The transactional publisher and the reader of topics on Apache Kafka: TEST_KAFKA_BROKERS names it.
import { describe, test } from "bun:test";
import { openRealTestCluster } from "./client-fixtures.ts";
import { describeReadTopic } from "./read-topic.spec.ts";
import { describeTransactionalPublisher } from "./transactional-publisher.spec.ts";

const brokers = process.env["TEST_KAFKA_BROKERS"] ?? "";

if (brokers === "") {
  describe.skip("the transactional publisher on Apache Kafka", () => {
    test("needs TEST_KAFKA_BROKERS", () => undefined);
  });
} else {
  describeTransactionalPublisher("Apache Kafka", () => openRealTestCluster(brokers), { isolates: true });
  describeReadTopic("Apache Kafka", () => openRealTestCluster(brokers), { isolates: true });
}
