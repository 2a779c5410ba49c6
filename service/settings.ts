// What can be set from outside, in one table: the environment is read once, every fault is reported together,
// and the README's settings table is generated from here (scripts/settings-table.ts; a test fails when it is stale).
import { z } from "zod";
import { readIsoDurationMs } from "./iso-duration.ts";
import { kafkaSecurityFaults } from "./kafka-security.ts";
import { logLevels } from "./logger.ts";
import { isLoopback } from "./loopback.ts";

const port = (fallback: number) => z.coerce.number().int().min(0).max(65535).default(fallback);
const count = (fallback: number, max: number) => z.coerce.number().int().min(0).max(max).default(fallback);
const topicName = z
  .string()
  .regex(/^[a-zA-Z0-9._-]{1,249}$/, "must be a Kafka topic name: 1 to 249 of a-z A-Z 0-9 . _ -");
const topic = (fallback: string) => topicName.default(fallback);
const duration = (fallback: string, max: string) =>
  z
    .string()
    .transform((text, context) => {
      const ms = readIsoDurationMs(text);
      if (ms !== undefined && ms >= 1 && ms <= (readIsoDurationMs(max) ?? 0)) return ms;
      context.addIssue(`must be an ISO 8601 duration such as ${fallback}, at most ${max}`);
      return z.NEVER;
    })
    .prefault(fallback);
const url = (protocols: string[]) =>
  z.string().refine((text) => protocols.some((protocol) => text.startsWith(protocol)), {
    error: `must start with ${protocols.join(" or ")}`,
  });

/** Places between two steps of order's work whose order is a promise. */
export const crashPoints = [
  "after-poll",
  "before-store-commit",
  "after-draft",
  "after-store-commit",
  "before-dlq-ack",
  "after-dlq-ack",
  "before-offset-commit",
  "saga-before-save",
  "saga-between-halves",
  "saga-after-save",
  "saga-after-publish",
] as const;

export const settingsSchema = z.object({
  HOST: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("Address that both services listen on; one that others can reach needs API keys"),
  CART_PORT: port(8000).describe("Port of cart; 0 takes a free one"),
  ORDER_PORT: port(8001).describe("Port of order; 0 takes a free one"),
  API_KEYS_FILE: z
    .string()
    .optional()
    .describe(
      "File of the API keys, made by `bun run keys`; with keys every request needs one, also on loopback",
    ),
  API_KEYS: z.string().optional().describe("The same lines as a setting, separated by commas"),
  ALLOWED_HOSTS: z
    .string()
    .regex(/^[^\s/:]+(,\s*[^\s/:]+)*$/, "must be host names without ports, separated by commas")
    .optional()
    .describe(
      "Names that the services may be called by, beside `localhost` and addresses. Default: none without API keys, any with them",
    ),
  ALLOWED_ORIGINS: z
    .string()
    .regex(
      /^https?:\/\/[^\s/,]+(,\s*https?:\/\/[^\s/,]+)*$/,
      "must be origins such as https://shop.example, separated by commas",
    )
    .optional()
    .describe("Origins whose pages may call the services (CORS). Default: none"),
  RATE_LIMIT_PER_SECOND: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(50_000)
    .describe(
      "Requests a second that one API key, or without keys one address, may send; more are answered with 429",
    ),
  MAX_IN_FLIGHT: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(5000)
    .describe("Requests that a service answers at once; more are answered with 503"),
  TLS_CERT_FILE: z
    .string()
    .optional()
    .describe("Certificate chain in PEM: with it and its key the services speak https and nothing else"),
  TLS_KEY_FILE: z.string().optional().describe("Its private key in PEM"),
  KAFKA_BROKERS: z
    .string()
    .regex(/^[^\s,]+:\d+(,[^\s,]+:\d+)*$/, "must be host:port, several separated by commas")
    .optional()
    .describe("Kafka to use, `host:port,…`; without it an embedded cluster that lives in memory"),
  KAFKA_SECURITY_PROTOCOL: z
    .string()
    .toLowerCase()
    .pipe(z.enum(["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]))
    .optional()
    .describe("`sasl_ssl` where Kafka is not on a network of its own. Default: `plaintext`"),
  KAFKA_SASL_MECHANISM: z
    .string()
    .toUpperCase()
    .pipe(z.enum(["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]))
    .prefault("SCRAM-SHA-512")
    .describe("How the user is proved with `sasl_…`"),
  KAFKA_SASL_USERNAME: z
    .string()
    .optional()
    .describe("This service's user; what it needs: docs/kafka-acls.md"),
  KAFKA_SASL_PASSWORD: z.string().optional().describe("Its password"),
  KAFKA_SSL_CA_FILE: z
    .string()
    .optional()
    .describe("Certificates that the brokers' are checked against, in PEM. Default: the system's"),
  KAFKA_SSL_CERT_FILE: z
    .string()
    .optional()
    .describe("Certificate of this service, where brokers ask for one"),
  KAFKA_SSL_KEY_FILE: z.string().optional().describe("Its private key"),
  KAFKA_SSL_KEY_PASSWORD: z.string().optional().describe("The key's password, if it has one"),
  SCHEMA_REGISTRY_USERNAME: z
    .string()
    .optional()
    .describe("User for the registry's basic authentication; `https://user:password@…` does as well"),
  SCHEMA_REGISTRY_PASSWORD: z.string().optional().describe("Its password"),
  SCHEMA_REGISTRY_URL: url(["http://", "https://"])
    .optional()
    .describe("Confluent-compatible schema registry; needed with `KAFKA_BROKERS`"),
  DATABASE_URL: url(["postgres://", "postgresql://", "sqlite:"])
    .optional()
    .describe(
      "Store of order, `postgres://…` or `sqlite:file`; needed with `KAFKA_BROKERS`, else SQLite in memory; cart has none",
    ),
  KAFKA_ORDER_TOPIC: topic("order-events").describe("Topic of creations, and of system B's updates"),
  KAFKA_STATUS_UPDATE_TOPIC: topic("order-status-updates").describe("Topic of system A's status updates"),
  KAFKA_DLQ_TOPIC: topic("order-events-dlq").describe("Dead-letter topic"),
  KAFKA_GROUP_ID: topic("order-service-group").describe(
    "Consumer group of the order topic; the status topic's is this with `-status-updates`",
  ),
  KAFKA_REPLAY_TOPIC: topicName
    .optional()
    .describe(
      "Topic that replays of dead letters go to; only order reads it. Default: the group with `-replays`",
    ),
  REPLAY_MAX_PER_LETTER: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(5)
    .describe("Replays of one dead letter after which another failure puts it in quarantine"),
  ORDER_STATE_TOPIC: topicName
    .optional()
    .describe(
      "Compacted topic that tells what each order of systems A and B is, by orderId, and the change feed `orders.watch`; `off` for neither. Default: `order-state` with the embedded parts, else `off`",
    ),
  DLQ_EDIT: z
    .enum(["on", "off"])
    .default("off")
    .describe("Whether operators may edit a dead letter's event and replay it"),
  KAFKA_REPLICATION_FACTOR: z.coerce
    .number()
    .int()
    .min(1)
    .max(10)
    .default(1)
    .describe("Replicas of the topics that are created"),
  DLQ_MAX_RETRIES: count(3, 100).describe("Retries of a failed event of system A"),
  DLQ_RETRY_BACKOFF_MS: count(1000, 3_600_000).describe("Wait before its first retry; doubles each time"),
  DLQ_MAX_BACKOFF_MS: count(30_000, 86_400_000).describe("Longest wait between two retries"),
  CATALOG_URL: url(["http://", "https://"])
    .optional()
    .describe("Catalog that system C's orders are checked against; without it the built-in one"),
  SAGA_JOIN_WINDOW: duration("PT10S", "P1D").describe(
    "How far apart the decisions of payment and stock may be, and how long one waits for the other; ISO 8601",
  ),
  SAGA_ORDERS_TOPIC: topic("orders").describe("Topic of system C's orders and their results"),
  SAGA_PAYMENT_TOPIC: topic("payment-orders").describe("Topic that payment decides on"),
  SAGA_STOCK_TOPIC: topic("stock-orders").describe("Topic that stock decides on"),
  SAGA_DLQ_TOPIC: topic("recovererDLQ").describe("Dead-letter topic of system C's decisions"),
  SAGA_REPLAY_TOPIC: topicName
    .optional()
    .describe(
      "Topic that replays of system C's decisions go to; only order reads it. Default: the group with `-saga-replays`",
    ),
  SAGA_PARTICIPANTS: z
    .enum(["on", "off"])
    .optional()
    .describe(
      "Whether stand-ins for payment and stock run in order. Default: `on` with the embedded parts only",
    ),
  STALL_AFTER_MS: z.coerce
    .number()
    .int()
    .min(1000)
    .max(3_600_000)
    .default(30_000)
    .describe(
      "How long a partition with records may stand still before it is reported, and may be skipped by order",
    ),
  ORDER_INSTANCE_ID: z
    .string()
    .max(200)
    .optional()
    .describe(
      "Name under which this order instance keeps its partitions over a restart; must differ between instances. Default: host name and port",
    ),
  CONSOLE_ENVIRONMENT: z
    .string()
    .max(40)
    .optional()
    .describe(
      "Name that the console shows on every screen, `production` in red. Default: the host in the browser's address",
    ),
  SIMULATED_FAILURES: z
    .enum(["on", "off"])
    .optional()
    .describe(
      "Whether orders whose id starts with `TEST-FAIL` fail on purpose. Default: `on` with the embedded parts only",
    ),
  CRASH_AT: z
    .enum(crashPoints)
    .optional()
    .describe("For fault tests: order kills itself the first time it comes to this point"),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(["http://", "https://"])
    .optional()
    .describe(
      "Collector for traces, OTLP over HTTP, such as `http://localhost:4318`; without it there are no traces",
    ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url(["http://", "https://"])
    .optional()
    .describe("The same with its whole path, in place of the one above"),
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .optional()
    .describe("Headers for the collector, `name=value,…`; may hold a secret"),
  OTEL_SERVICE_NAME: z
    .string()
    .max(100)
    .optional()
    .describe("Name of the services in traces, with `-cart` and `-order`. Default: `orderwire`"),
  OTEL_RESOURCE_ATTRIBUTES: z.string().optional().describe("More to tell with every span, `name=value,…`"),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe("Share of the traces that begin here and are kept, 0 to 1; others do as their beginning says"),
  OTEL_SDK_DISABLED: z
    .enum(["true", "false"])
    .default("false")
    .describe("`true`: no traces whatever else is set"),
  TRACE_URL: z
    .string()
    .regex(/^https?:\/\/\S*\{traceId\}\S*$/, "must be a URL with {traceId} in it")
    .optional()
    .describe("Where people see a trace, such as `https://tempo/trace/{traceId}`: dead letters link to it"),
  DRAIN_MS: count(0, 60_000).describe(
    "How long a service that was asked to stop still takes requests, while `/health/ready` and `/health/serving` say no, so that load balancers stop calling it",
  ),
  LOG_LEVEL: z.enum(logLevels).default("info").describe("Least level that is logged"),
  LOG_FORMAT: z.enum(["json", "pretty"]).optional().describe("Default: `pretty` on a terminal, else `json`"),
});

export type Settings = z.infer<typeof settingsSchema>;
export type SettingName = keyof Settings;

/** The compacted topic with the orders' states; undefined when nobody is told. */
export function stateTopicOf({
  ORDER_STATE_TOPIC,
  KAFKA_BROKERS,
}: Pick<Settings, "ORDER_STATE_TOPIC" | "KAFKA_BROKERS">): string | undefined {
  const topic = ORDER_STATE_TOPIC ?? (KAFKA_BROKERS === undefined ? "order-state" : "off");
  return topic === "off" ? undefined : topic;
}

/** The replays' own topic, so that no other group sees them. */
export function replayTopicOf({
  KAFKA_REPLAY_TOPIC,
  KAFKA_GROUP_ID,
}: Pick<Settings, "KAFKA_REPLAY_TOPIC" | "KAFKA_GROUP_ID">): string {
  return KAFKA_REPLAY_TOPIC ?? `${KAFKA_GROUP_ID}-replays`;
}

/** The same for decisions. */
export function sagaReplayTopicOf({
  SAGA_REPLAY_TOPIC,
  KAFKA_GROUP_ID,
}: Pick<Settings, "SAGA_REPLAY_TOPIC" | "KAFKA_GROUP_ID">): string {
  return SAGA_REPLAY_TOPIC ?? `${KAFKA_GROUP_ID}-saga-replays`;
}

const topicSettings = [
  "KAFKA_ORDER_TOPIC",
  "KAFKA_STATUS_UPDATE_TOPIC",
  "KAFKA_DLQ_TOPIC",
  "SAGA_ORDERS_TOPIC",
  "SAGA_PAYMENT_TOPIC",
  "SAGA_STOCK_TOPIC",
  "SAGA_DLQ_TOPIC",
] as const satisfies readonly SettingName[];

const secrets: readonly string[] = [
  "API_KEYS",
  "KAFKA_SASL_PASSWORD",
  "KAFKA_SSL_KEY_PASSWORD",
  "SCHEMA_REGISTRY_PASSWORD",
] satisfies readonly SettingName[];

function isSecret(name: string): boolean {
  return secrets.includes(name);
}

const secretInUrl = /\/\/[^@/]*@/;

export type SettingsResult =
  | { readonly ok: true; readonly value: Settings }
  | { readonly ok: false; readonly faults: string[] };

export interface ReadSettingsOptions {
  /** Whether the process keeps orders and thus needs a store that outlives it; cart alone does not. Default: true. */
  readonly keepsOrders?: boolean;
}

/** Reads all settings; an empty variable counts as unset. Faults are sentences that name the variable, with secrets masked. */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
  { keepsOrders = true }: ReadSettingsOptions = {},
): SettingsResult {
  const given = Object.fromEntries(
    Object.keys(settingsSchema.shape).flatMap((name) => {
      const value = environment[name]?.trim();
      return value ? [[name, value]] : [];
    }),
  );
  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success) {
    return { ok: false, faults: parsed.error.issues.map((issue) => describeFault(issue, given)) };
  }
  const faults = faultsTogether(parsed.data, keepsOrders);
  return faults.length > 0 ? { ok: false, faults } : { ok: true, value: parsed.data };
}

function describeFault(issue: z.core.$ZodIssue, given: Record<string, string>): string {
  const name = String(issue.path[0]);
  const value = isSecret(name) ? "***" : (given[name]?.replace(secretInUrl, "//***@") ?? "");
  return `${name} ${issue.message} (it is "${value}").`;
}

function faultsTogether(settings: Settings, keepsOrders: boolean): string[] {
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
