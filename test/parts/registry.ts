// Promises one Apicurio Registry with an empty store, reached by its Confluent-compatible API. The store is a file of
// the part's folder, so that ids survive `restart` and `kill` as they do on a production registry.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registryFolder, registryVersion } from "./artifacts.ts";
import { findFreePort } from "./free-port.ts";
import { findJava } from "./machine.ts";
import { startPart, type Part } from "./part.ts";

export interface RegistryPart extends Part {
  /** Base of the Confluent API, the value of SCHEMA_REGISTRY_URL. */
  readonly url: string;
}

export async function startRegistry(): Promise<RegistryPart> {
  const { path: java, problem } = findJava();
  if (problem !== undefined) throw new Error(problem);
  const home = await registryFolder();
  const port = await findFreePort();
  const directory = mkdtempSync(join(tmpdir(), "orderwire-registry-"));
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;

  const part = await startPart({
    name: `Apicurio Registry ${registryVersion}`,
    directory,
    command: [
      java,
      "-Xmx384m",
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-Dquarkus.http.host=127.0.0.1",
      `-Dquarkus.http.port=${port}`,
      "-Dquarkus.http.access-log.enabled=false",
      // WRITE_DELAY=0: H2 otherwise keeps commits in memory for half a second, and `kill` would lose a schema.
      `-Dapicurio.datasource.url=jdbc:h2:file:${join(directory, "registry")};WRITE_DELAY=0`,
      "-jar",
      join(home, `apicurio-registry-app-${registryVersion}-runner.jar`),
    ],
    stopSignal: "SIGTERM",
    closeSignal: "KILL",
    isReady: async () => (await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(2_000) })).ok,
    readyWithinMs: 60_000,
  });
  return { ...part, url };
}
