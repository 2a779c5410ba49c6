// Promises one Apache Kafka broker (KRaft, broker and controller in one JVM) with an empty disk of its own and no
// auto-created topics, as a production cluster is set.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kafkaJars, kafkaVersion } from "./artifacts.ts";
import { countLiveBrokers } from "./broker-metadata.ts";
import { findFreePort } from "./free-port.ts";
import type { KafkaSecurity } from "./kafka-security.ts";
import { createFormattedStorage, formatStorage } from "./kafka-storage.ts";
import { findJava } from "./machine.ts";
import { startPart, type Part } from "./part.ts";
import { runToEnd } from "./run-to-end.ts";

export interface KafkaPart extends Part {
  /** `127.0.0.1:<port>`, the value of KAFKA_BROKERS. */
  readonly brokers: string;
  /** Runs one of Kafka's own tools, an independent reader for tests: `["org.apache.kafka.tools.GetOffsetShell", …]`. */
  tool(mainClass: string, ...parameters: string[]): Promise<string>;
}

export interface KafkaOptions {
  /** Broker settings on top of ours: `{ "message.max.bytes": "2000" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Maximum heap in MB; 512 when absent. */
  readonly heapMb?: number;
  /** Full JIT compilation. Off by default: a test broker lives for seconds, and compiling costs more than it gives. */
  readonly optimised?: boolean;
  /** SASL over TLS for clients, and rights by ACLs; without it everybody may do everything, in the clear. */
  readonly security?: KafkaSecurity;
}

export async function startKafka(options: KafkaOptions = {}): Promise<KafkaPart> {
  const { security } = options;
  const { path: java, problem } = findJava();
  if (problem !== undefined) throw new Error(problem);
  const jars = await kafkaJars();
  const runTool = [java, "-XX:TieredStopAtLevel=1", quietLogging, "-cp", join(jars, "*")];
  const [port, controllerPort] = [await findFreePort(), await findFreePort()];
  const directory = mkdtempSync(join(tmpdir(), "orderwire-kafka-"));
  const data = join(directory, "data");
  const settingsPath = join(directory, "server.properties");
  writeFileSync(
    settingsPath,
    propertiesOf({
      ...brokerSettings(port, controllerPort, data),
      ...security?.brokerSettings(port, controllerPort),
      ...options.settings,
    }),
  );
  if (security === undefined) await createFormattedStorage(data, jars, runTool);
  else await formatStorage(settingsPath, runTool, security.formatArguments);

  const part = await startPart({
    name: `Apache Kafka ${kafkaVersion}`,
    directory,
    command: [
      java,
      `-Xmx${options.heapMb ?? 512}m`,
      ...(options.optimised === true
        ? kafkaOwnOptions(options.heapMb ?? 512)
        : ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]),
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
      "-Dorg.slf4j.simpleLogger.showDateTime=true",
      "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
      "-cp",
      join(jars, "*"),
      "kafka.Kafka",
      settingsPath,
    ],
    stopSignal: "SIGTERM",
    closeSignal: "KILL",
    isReady: async () =>
      security === undefined ? (await countLiveBrokers(port)) > 0 : security.isReady(port),
    readyWithinMs: 60_000,
  });
  return {
    ...part,
    brokers: `127.0.0.1:${port}`,
    tool: (mainClass, ...parameters) => runToEnd([...runTool, mainClass, ...parameters]),
  };
}

/** As Kafka's own start script sets them. */
function kafkaOwnOptions(heapMb: number): readonly string[] {
  return [
    `-Xms${heapMb}m`,
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-XX:InitiatingHeapOccupancyPercent=35",
  ];
}

const quietLogging = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error";

function brokerSettings(port: number, controllerPort: number, data: string): Record<string, string> {
  return {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "log.dirs": data,
    "auto.create.topics.enable": "false",
    // One node holds every replica; three partitions keep the start short and still show that there are several.
    "offsets.topic.num.partitions": "3",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "3",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "3",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    // A group is complete as soon as its first member joins, and a test may ask for short sessions.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    // After a SIGKILL the controller refuses the broker until its old session is over: 9 s by default.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "num.network.threads": "2",
    "num.io.threads": "4",
    // There is nobody to hand the partitions over to, and while they have no leader Kafka 4.3 may drop the end of a
    // transaction: kafka/README.md.
    "controlled.shutdown.enable": "false",
    "log.cleaner.dedupe.buffer.size": "16777216",
  };
}

function propertiesOf(settings: Readonly<Record<string, string>>): string {
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}=${value.replaceAll("\\", "\\\\")}`)
    .join("\n")}\n`;
}
