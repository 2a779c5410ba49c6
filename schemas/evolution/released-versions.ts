// The versions of every schema that have been released: `schemas/released/<record's full name>/v<N>.avsc`, frozen. Records
// written with them may be on a topic for as long as its retention, so no later version may break with any of them.
// `versions.json` beside them has the fingerprint of each, and a file that was edited afterwards is an error.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface ReleasedVersion {
  /** Counts from 1. */
  readonly version: number;
  /** The schema as it is registered: compact JSON. */
  readonly definition: string;
}

export interface ReleasedVersions {
  /** Oldest first; empty for a record type that was never released. Throws with one sentence when a file is not as released. */
  of(fullName: string): readonly ReleasedVersion[];
  /** Freezes a version after the last one. */
  add(fullName: string, definition: string): ReleasedVersion;
}

type Fingerprints = Readonly<Record<string, readonly string[]>>;

export const releasedFolder = join(import.meta.dirname, "..", "released");

export function readReleasedVersions(folder = releasedFolder): ReleasedVersions {
  const listFile = join(folder, "versions.json");
  let fingerprints = existsSync(listFile) ? readFingerprints(listFile) : {};
  const fileOf = (fullName: string, version: number) => join(folder, fullName, `v${version}.avsc`);

  return {
    of(fullName) {
      return (fingerprints[fullName] ?? []).map((fingerprint, index) => {
        const version = index + 1;
        const file = fileOf(fullName, version);
        if (!existsSync(file)) {
          throw new Error(
            `${fullName} v${version} is released but its file is gone: restore ${file} from git.`,
          );
        }
        const definition = compact(readFileSync(file, "utf8"), file);
        if (fingerprintOf(definition) !== fingerprint) {
          throw new Error(
            `${fullName} v${version} was changed after its release: restore ${file} from git, and change the schema beside the folder instead.`,
          );
        }
        return { version, definition };
      });
    },
    add(fullName, definition) {
      const version = (fingerprints[fullName]?.length ?? 0) + 1;
      mkdirSync(join(folder, fullName), { recursive: true });
      writeFileSync(fileOf(fullName, version), `${JSON.stringify(JSON.parse(definition), null, 2)}\n`);
      fingerprints = {
        ...fingerprints,
        [fullName]: [...(fingerprints[fullName] ?? []), fingerprintOf(definition)],
      };
      writeFileSync(listFile, `${JSON.stringify(fingerprints, null, 2)}\n`);
      return { version, definition };
    },
  };
}

function fingerprintOf(definition: string): string {
  return createHash("sha256").update(definition).digest("hex");
}

function compact(text: string, file: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    throw new Error(`${file} is not JSON: restore it from git.`);
  }
}

function readFingerprints(file: string): Fingerprints {
  const list: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (!isFingerprints(list)) throw new Error(`${file} is not a list of fingerprints: restore it from git.`);
  return list;
}

function isFingerprints(list: unknown): list is Fingerprints {
  return (
    typeof list === "object" &&
    list !== null &&
    Object.values(list).every(
      (entry) => Array.isArray(entry) && entry.every((fingerprint) => typeof fingerprint === "string"),
    )
  );
}
