// What every client shares: settings that notice a lost broker and its return within about a second, and where
// librdkafka's logs and errors go. Settings of the caller win over these.
import type { LogFields, Logger } from "../service/logger.ts";
import type { ClientSettings, EventListener } from "./binding.ts";

export interface ConnectionOptions {
  /** `host:port`, comma-separated. */
  readonly brokers: string;
  /** Shown by the broker in its logs and quotas. */
  readonly clientId: string;
  readonly logger: Logger;
  /** Who this client is and whom it trusts: `security.protocol`, `sasl.*` and `ssl.*`. Default: the plain protocol. */
  readonly security?: ClientSettings;
  /** More of librdkafka's settings. */
  readonly settings?: ClientSettings;
}

export function sharedSettings({ brokers, clientId, security }: ConnectionOptions): ClientSettings {
  return {
    ...security,
    "bootstrap.servers": brokers,
    "client.id": clientId,
    // The defaults (10 s, 30 s, 60 s) were made for programs that nobody waits for.
    "reconnect.backoff.ms": 100,
    "reconnect.backoff.max.ms": 1_000,
    "socket.connection.setup.timeout.ms": 5_000,
    // A broker that wakes from a freeze first names no broker at all, itself included, and the client forgets the one it
    // had: it asks the bootstrap servers anew after this time. The default is five minutes without any broker.
    "metadata.recovery.rebootstrap.trigger.ms": 3_000,
    "socket.timeout.ms": 10_000,
    "socket.keepalive.enable": true,
    // Small requests go out at once (librdkafka's default since 2.x too, said here because latency depends on it).
    "socket.nagle.disable": true,
    // Topics are made by the admin client, with their retention and compression; never by a request for metadata.
    "allow.auto.create.topics": false,
    // Brokers that are named in the settings only count until the cluster has named its own.
    "log.connection.close": true,
    // Usage reports that the broker may ask for: nothing leaves that the operator did not set up.
    "enable.metrics.push": false,
  };
}

export interface ClientEventHandlers {
  /** librdkafka's statistics, as JSON text, every `statistics.interval.ms`. */
  readonly onStatistics: (json: string) => void;
  /** The last connection is gone, or could not be made. */
  readonly onAllBrokersDown: () => void;
  /** The client is unusable from now on and must be replaced. */
  readonly onFatal: (message: string) => void;
}

// The native side hands over the text of an error event, not its code; and for a fatal error the text of its cause, so
// that only the log line tells that it was fatal.
const allBrokersDown = "Local: All broker connections are down";
const fatalFacility = "FATAL";

/** Wires a client's events; never throws, whatever a handler does, because it is called from native code. */
export function createEventListener(logger: Logger, handlers: ClientEventHandlers): EventListener {
  const log = limitRepeats(logger);
  return (type, event) => {
    try {
      if (type === "stats") handlers.onStatistics(event.message);
      else if (type === "log") {
        logLine(log, event.severity ?? syslog.info, event.fac ?? "", event.message);
        if (event.fac === fatalFacility) handlers.onFatal(event.message);
      } else if (type === "error") {
        if (event.message === allBrokersDown) handlers.onAllBrokersDown();
        else reportError(log, event.message);
      }
    } catch (error) {
      logger.error("A handler of Kafka client events failed", { detail: String(error) });
    }
  };
}

interface ToldCause {
  readonly pattern: RegExp;
  readonly level: Level;
  readonly sentence: string;
}

/** What a person has to put right, and waiting does not: told as that, with where. */
const toldCauses: readonly ToldCause[] = [
  {
    pattern: /authentication (failed|failure|error)|invalid credentials/i,
    level: "error",
    sentence:
      "Kafka refuses this service's user or password: check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM",
  },
  {
    pattern:
      /certificate verify failed|certificate could not be verified|hostname mismatch|IP address mismatch/i,
    level: "error",
    sentence:
      "Kafka's certificate is not trusted: check KAFKA_SSL_CA_FILE, and that the brokers' names are in their certificates",
  },
  {
    pattern: /authorization failed/i,
    level: "error",
    sentence:
      "Kafka does not allow this service what it needs: give its user the rights that docs/kafka-acls.md lists",
  },
  {
    // Also what a broker that is just going away does.
    pattern: /connection closed by peer.*APIVERSION_QUERY|wrong version number|packet length too long/i,
    level: "warn",
    sentence:
      "Kafka closed a connection before it was used: if this goes on, check KAFKA_SECURITY_PROTOCOL and the listener's port",
  },
];

function causeIn(detail: string): ToldCause | undefined {
  return toldCauses.find(({ pattern }) => pattern.test(detail));
}

function reportError(log: LimitedLog, detail: string): void {
  const told = causeIn(detail);
  if (told === undefined) log("warn", detail, "The Kafka client reports an error", { detail });
  else log(told.level, told.sentence, told.sentence, { detail });
}

const syslog = { critical: 2, error: 3, warning: 4, info: 6 } as const;

type Level = "debug" | "info" | "warn" | "error";
type LimitedLog = (level: Level, kind: string, message: string, fields: LogFields) => void;

function logLine(log: LimitedLog, severity: number, facility: string, detail: string): void {
  const told = severity <= syslog.warning || facility === "FAIL" ? causeIn(detail) : undefined;
  if (told === undefined)
    log(levelOf(severity, facility), facility, "The Kafka client reports", { facility, detail });
  else log(told.level, told.sentence, told.sentence, { facility, detail });
}

function levelOf(severity: number, facility: string): Level {
  if (severity <= syslog.critical) return "error";
  // Failed connections: expected while a broker is away, and the state change is reported by itself.
  if (facility === "FAIL") return "warn";
  if (severity === syslog.error) return "error";
  if (severity === syslog.warning) return "warn";
  return severity <= syslog.info ? "info" : "debug";
}

const repeatIntervalMs = 10_000;

/** Lines of one kind, a broker that cannot be reached for instance, are written once in ten seconds, with how many were not. */
function limitRepeats(logger: Logger): LimitedLog {
  const kinds = new Map<string, { lastAt: number; suppressed: number }>();
  return (level, kind, message, fields) => {
    const now = performance.now();
    const seen = kinds.get(kind);
    if (seen !== undefined && now - seen.lastAt < repeatIntervalMs) {
      seen.suppressed += 1;
      return;
    }
    kinds.set(kind, { lastAt: now, suppressed: 0 });
    logger[level](
      message,
      seen !== undefined && seen.suppressed > 0 ? { ...fields, suppressed: seen.suppressed } : fields,
    );
  };
}
