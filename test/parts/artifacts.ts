// Promises the jars of Kafka and of the registry in a folder outside the checkout, fetched once from Maven Central
// (or whatever mirror this machine's Maven is set to) and complete or absent: they are copied beside it and renamed.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { defaultCacheDir } from "../../kafka/native/build.ts";
import { runToEnd } from "./run-to-end.ts";

// Exact plugin versions: without one Maven asks the network for the newest, or takes whatever its own version brings.
const copyPlugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";
// Plugin 3 reads the artifact's parent POMs even for a single file, and the registry's parent is not in every mirror of
// Maven Central; plugin 2 fetches the file that it is asked for.
const singleFilePlugin = "org.apache.maven.plugins:maven-dependency-plugin:2.10";
const kafkaPom = join(import.meta.dirname, "kafka.pom.xml");

export const kafkaVersion = "4.3.0";
export const registryVersion = "3.0.9";

interface Artifact {
  readonly name: string;
  readonly directory: string;
  readonly megabytes: number;
  /** Fills the empty folder, which then becomes `directory`. */
  readonly fetch: (into: string) => Promise<void>;
}

const kafka = jarsOf({
  name: `Apache Kafka ${kafkaVersion}`,
  folder: `kafka-${kafkaVersion}`,
  pom: kafkaPom,
  megabytes: 45,
});

const registry: Artifact = {
  name: `Apicurio Registry ${registryVersion}`,
  directory: join(partsCache(), `apicurio-registry-${registryVersion}`),
  megabytes: 110,
  async fetch(into) {
    const coordinates = `io.apicurio:apicurio-registry-app:${registryVersion}:tar.gz:all`;
    await maven(
      `${singleFilePlugin}:copy`,
      `-Dartifact=${coordinates}`,
      `-DoutputDirectory=${into}`,
      "-Dmdep.stripVersion=true",
    );
    const archive = join(into, "apicurio-registry-app-all.tar.gz");
    await runToEnd(["tar", "xzf", archive, "-C", into]);
    rmSync(archive);
  },
};

export interface JarsOptions {
  /** As people call it. */
  readonly name: string;
  /** In the cache; what the POM says is part of the folder's name as well. */
  readonly folder: string;
  /** Path of the POM that names the jars; what they need comes along. */
  readonly pom: string;
  readonly megabytes: number;
}

/** The folder with the jars that a POM names. */
export function fetchJars(options: JarsOptions): Promise<string> {
  return fetchOnce(jarsOf(options));
}

/** The folder with the jars of a broker, of the storage tool and of the command-line tools. */
export function kafkaJars(): Promise<string> {
  return fetchOnce(kafka);
}

/** The folder with the registry's runner jar and its `lib`. */
export function registryFolder(): Promise<string> {
  return fetchOnce(registry);
}

/** Whether both are there, so that Maven is not needed. */
export function artifactsAreCached(): boolean {
  return existsSync(kafka.directory) && existsSync(registry.directory);
}

/** Beside the native client's builds, outside the checkout: a second clone fetches nothing. */
export function partsCache(): string {
  return join(defaultCacheDir(process.env), "parts");
}

function jarsOf({ name, folder, pom, megabytes }: JarsOptions): Artifact {
  return {
    name,
    directory: join(partsCache(), `${folder}-${fingerprint(pom)}`),
    megabytes,
    async fetch(into) {
      await maven(
        `${copyPlugin}:copy-dependencies`,
        "-f",
        pom,
        `-DoutputDirectory=${into}`,
        "-DincludeScope=runtime",
      );
    },
  };
}

async function fetchOnce(artifact: Artifact): Promise<string> {
  if (existsSync(artifact.directory)) return artifact.directory;
  mkdirSync(dirname(artifact.directory), { recursive: true });
  const incoming = mkdtempSync(`${artifact.directory}.incoming-`);
  const startedAt = performance.now();
  process.stderr.write(`Fetching ${artifact.name}, once, about ${artifact.megabytes} MB, with Maven ...\n`);
  try {
    await artifact.fetch(incoming);
    moveUnlessThere(incoming, artifact.directory);
  } finally {
    rmSync(incoming, { recursive: true, force: true });
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stderr.write(`Fetched ${artifact.name} in ${seconds} s.\n`);
  return artifact.directory;
}

/** Two runs may fetch at once: the first to finish wins, and what the second brought is the same. */
function moveUnlessThere(incoming: string, directory: string): void {
  try {
    renameSync(incoming, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error;
  }
}

async function maven(goal: string, ...options: string[]): Promise<void> {
  await runToEnd(["mvn", "--batch-mode", "--quiet", goal, ...options]);
}

function fingerprint(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 8);
}
