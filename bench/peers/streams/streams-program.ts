// Promises SagaJoin.java as a program to start: its jars from Maven Central, fetched once, and compiled now.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetchJars, kafkaVersion } from "../../../test/parts/artifacts.ts";
import { findJava } from "../../../test/parts/machine.ts";
import { runToEnd } from "../../../test/parts/run-to-end.ts";

export interface StreamsProgram {
  readonly command: readonly string[];
  /** Removes what was compiled. */
  close(): void;
}

const source = join(import.meta.dirname, "SagaJoin.java");
const pom = join(import.meta.dirname, "streams.pom.xml");

export async function compileStreamsProgram(): Promise<StreamsProgram> {
  const jars = await fetchJars({
    name: `Kafka Streams ${kafkaVersion}`,
    folder: `kafka-streams-${kafkaVersion}`,
    pom,
    megabytes: 100,
  });
  const classes = mkdtempSync(join(tmpdir(), "orderwire-streams-"));
  const java = findJava().path;
  await runToEnd([java.replace(/java$/, "javac"), "-d", classes, "-cp", join(jars, "*"), source]);
  return {
    command: [
      java,
      // A limit that a service would be given; without one the heap grows into what the machine has.
      "-Xmx512m",
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
      "-cp",
      `${classes}:${join(jars, "*")}`,
      "SagaJoin",
    ],
    close: () => rmSync(classes, { recursive: true, force: true }),
  };
}
