// What a service's settings say about who is let in, as the contract's guards.
import { readFileSync } from "node:fs";
import type { Guards, Refusal } from "../contract/http/guards.ts";
import { openKeyRing } from "./api-keys.ts";
import { systemClock } from "./clock.ts";
import type { Closing } from "./closing.ts";
import type { TlsFiles } from "./http-server.ts";
import type { Logger } from "./logger.ts";
import type { Settings } from "./settings.ts";

/** Each watcher of a stream is a question to the store twice a second. */
const maxStreams = 500;
const repeatEveryMs = 10_000;

/** Throws one sentence for keys that cannot be read; stops looking at their file when `closing` runs. */
export function openGuards(settings: Settings, logger: Logger, closing: Closing): Guards {
  const keys = openKeyRing({
    inline: settings.API_KEYS,
    file: settings.API_KEYS_FILE,
    clock: systemClock,
    logger,
  });
  if (keys !== undefined) closing.add(() => keys.stop());
  return {
    ...(keys === undefined ? {} : { keys }),
    allowedHosts: allowedHosts(settings, keys !== undefined),
    allowedOrigins: new Set(listed(settings.ALLOWED_ORIGINS)),
    requestsPerSecond: settings.RATE_LIMIT_PER_SECOND,
    maxInFlight: settings.MAX_IN_FLIGHT,
    maxStreams,
    tls: settings.TLS_CERT_FILE !== undefined,
    nowMs: () => performance.now(),
    onRefused: reportRefusals(logger),
  };
}

function allowedHosts({ ALLOWED_HOSTS: hosts, HOST }: Settings, hasKeys: boolean): Guards["allowedHosts"] {
  if (hosts === undefined && hasKeys) return "any";
  return new Set([HOST, ...listed(hosts)].map((name) => name.toLowerCase()));
}

function listed(text: string | undefined): string[] {
  return (text ?? "").split(",").flatMap((entry) => (entry.trim() === "" ? [] : [entry.trim()]));
}

/** One line in ten seconds for each kind: whoever is refused can send as much as they like. */
function reportRefusals(logger: Logger): Guards["onRefused"] {
  const kinds = new Map<Refusal["kind"], { lastMs: number; unsaid: number }>();
  return ({ kind, remoteAddress }) => {
    const nowMs = performance.now();
    const seen = kinds.get(kind);
    if (seen !== undefined && nowMs - seen.lastMs < repeatEveryMs) {
      seen.unsaid += 1;
      return;
    }
    kinds.set(kind, { lastMs: nowMs, unsaid: 0 });
    logger.warn("A request was refused", { kind, remoteAddress, alsoRefused: seen?.unsaid ?? 0 });
  };
}

/** Throws one sentence when a file cannot be read. */
export function readTlsFiles({ TLS_CERT_FILE: cert, TLS_KEY_FILE: key }: Settings): TlsFiles | undefined {
  if (cert === undefined || key === undefined) return undefined;
  return { cert: pem("TLS_CERT_FILE", cert), key: pem("TLS_KEY_FILE", key) };
}

function pem(name: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new Error(`${name} ${path} cannot be read: does it exist, and may this process read it?`, {
      cause,
    });
  }
}
