// Logs errors that come again and again, such as those of a batch that cannot be read: each when it is new, then once a
// minute with how often it came.
import type { Logger } from "../service/logger.ts";

export interface ErrorLog {
  report(code: number, detail: string): void;
}

interface Seen {
  loggedAtMs: number;
  /** Times since it was logged. */
  repeats: number;
}

const repeatIntervalMs = 60_000;
/** Texts may name offsets: the oldest is forgotten, and at worst logged again. */
const maxSeen = 100;

/** `nowMs` is monotonic. */
export function createErrorLog(logger: Pick<Logger, "warn">, message: string, nowMs: () => number): ErrorLog {
  const seen = new Map<string, Seen>();
  return {
    report(code, detail) {
      const key = `${code} ${detail}`;
      const known = seen.get(key);
      if (known !== undefined && nowMs() - known.loggedAtMs < repeatIntervalMs) {
        known.repeats += 1;
        return;
      }
      logger.warn(message, { code, detail, ...(known === undefined ? {} : { repeats: known.repeats }) });
      seen.delete(key);
      const [oldest] = seen.keys();
      if (seen.size >= maxSeen && oldest !== undefined) seen.delete(oldest);
      seen.set(key, { loggedAtMs: nowMs(), repeats: 0 });
    },
  };
}
