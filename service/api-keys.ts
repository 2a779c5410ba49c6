// The keys that this service knows: from a file or a setting, by their SHA-256 alone. A key has 256 random bits, so its hash needs
// neither salt nor slowness: there is nothing to guess. A line that is removed from the file is refused within seconds.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { isRole, roles, type Caller, type Role } from "../contract/access.ts";
import type { KeyRing } from "../contract/http/guards.ts";
import type { Clock } from "./clock.ts";
import type { Logger } from "./logger.ts";

export interface KnownKey extends Caller {
  /** SHA-256 of the key's text. */
  readonly hash: Uint8Array;
}

export type KeysResult =
  | { readonly ok: true; readonly keys: readonly KnownKey[] }
  /** Sentences that name the line and never show it. */
  | { readonly ok: false; readonly faults: readonly string[] };

const linePattern = /^([A-Za-z0-9._-]{1,64}):([a-z]+):([0-9a-f]{64})$/;
export const keyNamePattern = /^[A-Za-z0-9._-]{1,64}$/;

/** `name:role:sha256`, one a line or separated by commas; `#` begins a comment. */
export function readKeys(text: string): KeysResult {
  const entries = text.split("\n").flatMap((line, index) =>
    line
      .replace(/#.*/, "")
      .split(",")
      .map((entry) => ({ entry: entry.trim(), number: index + 1 }))
      .filter(({ entry }) => entry !== ""),
  );
  const keys: KnownKey[] = [];
  const faults: string[] = [];
  for (const { entry, number } of entries) {
    const [, name = "", role = "", hash = ""] = linePattern.exec(entry) ?? [];
    if (name === "") faults.push(`line ${number} is not name:role:hash, as \`bun run keys\` prints it`);
    else if (!isRole(role)) faults.push(`line ${number} has no role of ${roles.join(", ")}`);
    else if (keys.some((key) => key.name === name)) faults.push(`line ${number} names '${name}' once more`);
    else keys.push({ name, role, hash: Buffer.from(hash, "hex") });
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, keys };
}

/** Looks at every key, whichever it is: the time it takes tells nothing. */
export function createKeyRing(keys: readonly KnownKey[]): KeyRing {
  return {
    identify(key) {
      const hash = hashOf(key);
      let found: KnownKey | undefined;
      for (const known of keys) if (timingSafeEqual(hash, known.hash)) found = known;
      return found === undefined ? undefined : { name: found.name, role: found.role };
    },
  };
}

export interface NewKey {
  /** To be shown once and kept by its owner. */
  readonly key: string;
  /** For the file: the name, the role and the hash. */
  readonly line: string;
}

/** `ow_` and 43 characters: scanners for leaked secrets can tell it by its look. */
export function makeKey(name: string, role: Role, random: (size: number) => Buffer = randomBytes): NewKey {
  const key = `ow_${random(32).toString("base64url")}`;
  return { key, line: `${name}:${role}:${hashOf(key).toString("hex")}` };
}

function hashOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

export interface KeySourceOptions {
  /** The text of API_KEYS. */
  readonly inline: string | undefined;
  readonly file: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly readFile?: (path: string) => string;
}

export interface OpenKeyRing extends KeyRing {
  stop(): void;
}

const rereadEveryMs = 5000;

/**
 * Undefined when neither a file nor a setting is given. Throws one sentence for keys that cannot be read at start; a file that
 * cannot be read later is reported, and what was read last holds.
 */
export function openKeyRing(options: KeySourceOptions): OpenKeyRing | undefined {
  const { inline, file, clock, logger, readFile = readText } = options;
  if (inline === undefined && file === undefined) return undefined;
  const given = inline === undefined ? [] : keysOrThrow("API_KEYS", inline);
  if (file === undefined) {
    if (given.length === 0) throw new Error(`API_KEYS has no key in it: ${howToMake}`);
    return { ...createKeyRing(given), stop: () => undefined };
  }

  let text = readFile(file);
  let ring = ringOf(text);
  if (given.length + keysOrThrow(file, text).length === 0) {
    throw new Error(`API_KEYS_FILE ${file} has no key in it: ${howToMake}`);
  }
  let cancel = clock.after(rereadEveryMs, reread);

  function ringOf(newText: string): KeyRing {
    return createKeyRing([...given, ...keysOrThrow(file ?? "", newText)]);
  }

  function reread(): void {
    try {
      const newText = readFile(file ?? "");
      if (newText !== text) {
        ring = ringOf(newText);
        text = newText;
        logger.info("The API keys were read again, because their file has changed");
      }
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      logger.error("The API keys cannot be read again: the ones before still hold", { cause });
    }
    cancel = clock.after(rereadEveryMs, reread);
  }

  return { identify: (key) => ring.identify(key), stop: () => cancel() };
}

const howToMake = "make one with `bun run keys -- add --role admin --name you` and add the line it prints";

function keysOrThrow(where: string, text: string): readonly KnownKey[] {
  const read = readKeys(text);
  if (!read.ok) throw new Error(`The API keys of ${where} cannot be used: ${read.faults.join("; ")}.`);
  return read.keys;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new Error(`API_KEYS_FILE ${path} cannot be read: does it exist, and may this process read it?`, {
      cause,
    });
  }
}
