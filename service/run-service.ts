// A process's life: read the settings, open the service, say where it is, and on Ctrl-C or SIGTERM close it in the
// reverse order of opening. Exit code 0 after a clean stop, 1 when it could not start or stop.
import { createLogger, type Logger } from "./logger.ts";
import { readSettings, type ReadSettingsOptions, type Settings } from "./settings.ts";

/** A service that listens. */
export interface OpenService {
  readonly url: string;
  /** Whether it can do its work now: what `/health/ready` answers. */
  ready(): Promise<boolean>;
  /** Lets running requests finish, finishes what is in flight, then lets go. */
  close(): Promise<void>;
}

/** What a process runs. */
export interface RunningService {
  /** Lines for the person who started it. */
  readonly banner: readonly string[];
  /** Drains and lets go of everything; what it was promised to keep is kept. */
  close(): Promise<void>;
}

/** Between the end of draining and giving up: below what orchestrators allow by default (10 s in compose). */
export const closeTimeoutMs = 9000;

export async function runService(
  open: (settings: Settings, logger: Logger) => Promise<RunningService>,
  needs: ReadSettingsOptions = {},
): Promise<void> {
  const read = readSettings(process.env, needs);
  if (!read.ok) {
    process.stderr.write(`${["The settings cannot be used:", ...read.faults].join("\n  ")}\n`);
    process.exit(1);
  }
  const settings = read.value;
  const logger = createLogger({
    level: settings.LOG_LEVEL,
    format: settings.LOG_FORMAT ?? (process.stderr.isTTY ? "pretty" : "json"),
  });

  // A surprise that nobody caught: the state is unknown, and a restart recovers from it by design.
  const onSurprise = (error: unknown) => {
    logger.error("Stopping because of an error that nobody expected", {
      cause: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    process.exit(1);
  };
  process.on("uncaughtException", onSurprise);
  process.on("unhandledRejection", onSurprise);

  const stopped = Promise.withResolvers<NodeJS.Signals>();
  process.once("SIGINT", stopped.resolve);
  process.once("SIGTERM", stopped.resolve);

  let service: RunningService;
  try {
    service = await open(settings, logger);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
  process.stdout.write(`${service.banner.join("\n")}\n`);

  const signal = await stopped.promise;
  logger.info("Stopping: finishing what is running", { signal });
  // A second signal means now.
  process.once("SIGINT", () => process.exit(1));
  const timer = setTimeout(() => {
    logger.error("Stopping took too long: what was not finished is read again at the next start", {
      closeTimeoutMs,
    });
    process.exit(1);
  }, settings.DRAIN_MS + closeTimeoutMs);
  await service.close();
  clearTimeout(timer);
  logger.info("Stopped");
  process.exit(0);
}
