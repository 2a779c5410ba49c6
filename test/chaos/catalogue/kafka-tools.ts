// Kafka's own tools, as an operator would use them while something is wrong.
import { ensureTopics } from "../../../kafka/admin.ts";
import { silentLogger } from "../../../kafka/client-fixtures.ts";
import { topicSpecs } from "../../../service/topics.ts";
import type { Stage } from "../stage.ts";

export async function deleteTopic({ kafka, brokers }: Stage, topic: string): Promise<void> {
  const command = "org.apache.kafka.tools.TopicCommand";
  await kafka.tool(command, "--bootstrap-server", brokers, "--delete", "--topic", topic);
}

/** As the services make it. */
export async function makeTopic({ brokers, settings }: Stage, topic: string): Promise<void> {
  const topics = topicSpecs(settings).filter(({ name }) => name === topic);
  const made = await ensureTopics({ brokers, clientId: "suite", topics, logger: silentLogger });
  if (!made.ok) throw new Error(made.failure.message);
}

/** Changes a topic's settings, and answers how to take that back. */
export async function configureTopic(
  { kafka, brokers }: Stage,
  topic: string,
  settings: Readonly<Record<string, string>>,
): Promise<() => Promise<void>> {
  const alter = async (...change: string[]): Promise<void> => {
    const entity = ["--entity-type", "topics", "--entity-name", topic];
    await kafka.tool(
      "kafka.admin.ConfigCommand",
      "--bootstrap-server",
      brokers,
      "--alter",
      ...entity,
      ...change,
    );
  };
  const pairs = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  await alter("--add-config", pairs.join(","));
  return () => alter("--delete-config", Object.keys(settings).join(","));
}
