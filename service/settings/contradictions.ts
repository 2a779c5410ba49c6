// What no setting alone can say: which of them contradict each other, or lack one beside them.
import { kafkaSecurityFaults } from "../kafka-security.ts";
import { isLoopback } from "../loopback.ts";
import type { SettingName, Settings } from "../settings.ts";
import { replayTopicOf, sagaReplayTopicOf, stateTopicOf } from "./topic-names.ts";

const topicSettings = [
  "KAFKA_ORDER_TOPIC",
  "KAFKA_STATUS_UPDATE_TOPIC",
  "KAFKA_DLQ_TOPIC",
  "SAGA_ORDERS_TOPIC",
  "SAGA_PAYMENT_TOPIC",
  "SAGA_STOCK_TOPIC",
  "SAGA_DLQ_TOPIC",
] as const satisfies readonly SettingName[];

/** One sentence each. */
export function contradictions(settings: Settings, keepsOrders: boolean): string[] {
  return [
    ...unguarded(settings),
    ...topicsUsedTwice(settings),
    ...missingCompanions(settings, keepsOrders),
    ...halfRegistryLogin(settings),
    ...kafkaSecurityFaults(settings),
  ];
}

function unguarded({ HOST, API_KEYS, API_KEYS_FILE, TLS_CERT_FILE, TLS_KEY_FILE }: Settings): string[] {
  const open =
    isLoopback(HOST) || API_KEYS !== undefined || API_KEYS_FILE !== undefined
      ? []
      : [
          `HOST is "${HOST}", which others can reach, and there are no API keys: make one with \`bun run keys -- add --role admin --name you --file api-keys\` and set API_KEYS_FILE=api-keys, or leave HOST at 127.0.0.1.`,
        ];
  const halfTls = (TLS_CERT_FILE === undefined) !== (TLS_KEY_FILE === undefined);
  return halfTls ? [...open, "TLS_CERT_FILE and TLS_KEY_FILE must be set together."] : open;
}

function halfRegistryLogin({
  SCHEMA_REGISTRY_USERNAME: username,
  SCHEMA_REGISTRY_PASSWORD: password,
}: Settings): string[] {
  return (username === undefined) === (password === undefined)
    ? []
    : ["SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD must be set together."];
}

/** A topic that is read as two things would make dead letters of every record, or answer its own answers. */
function topicsUsedTwice(settings: Settings): string[] {
  const named: readonly (readonly [user: SettingName, topic: string])[] = [
    ...topicSettings.map((name) => [name, settings[name]] as const),
    ["KAFKA_REPLAY_TOPIC", replayTopicOf(settings)],
    ["ORDER_STATE_TOPIC", stateTopicOf(settings) ?? "off"],
    ["SAGA_REPLAY_TOPIC", sagaReplayTopicOf(settings)],
  ];
  const byTopic = Map.groupBy(named, ([, topic]) => topic);
  return [...byTopic].flatMap(([topic, users]) =>
    users.length === 1
      ? []
      : [`${users.map(([user]) => user).join(" and ")} name the same topic "${topic}": each needs its own.`],
  );
}

/** Offsets and schema ids outlive the process on a real cluster, so what they refer to must outlive it too. */
function missingCompanions(settings: Settings, keepsOrders: boolean): string[] {
  if (settings.KAFKA_BROKERS === undefined) {
    return settings.SCHEMA_REGISTRY_URL === undefined
      ? []
      : ["SCHEMA_REGISTRY_URL is set but KAFKA_BROKERS is not: set both, or neither for the embedded parts."];
  }
  const companions: [SettingName, string][] = [
    ["SCHEMA_REGISTRY_URL", "records on a real cluster need schema ids that outlive this process"],
  ];
  if (keepsOrders)
    companions.push(["DATABASE_URL", "committed offsets need a store that outlives this process"]);
  return companions
    .filter(([name]) => settings[name] === undefined)
    .map(([name, reason]) => `${name} must be set when KAFKA_BROKERS is: ${reason}.`);
}
