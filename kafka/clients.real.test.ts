// Publisher and consumer on Apache Kafka: TEST_KAFKA_BROKERS names it. Topics and groups are this run's own.
import { describe, test } from "bun:test";
import { openRealTestCluster } from "./client-fixtures.ts";
import { describeConsumer } from "./consumer.spec.ts";
import { describePublisher } from "./publisher.spec.ts";
import { describeTailTopic } from "./tail-topic.spec.ts";

const brokers = process.env["TEST_KAFKA_BROKERS"] ?? "";

if (brokers === "") {
  describe.skip("publisher and consumer on Apache Kafka", () => {
    test("needs TEST_KAFKA_BROKERS", () => undefined);
  });
} else {
  describePublisher("Apache Kafka", () => openRealTestCluster(brokers));
  describeTailTopic("Apache Kafka", () => openRealTestCluster(brokers));
  describeConsumer("Apache Kafka", () => openRealTestCluster(brokers), { commitsWhileRebalancing: true });
}
