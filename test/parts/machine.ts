// Promises to say, before anything is started, which tools the real parts need and this machine lacks: one sentence
// each, with the package that brings it.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { artifactsAreCached } from "./artifacts.ts";

const oldestJava = 17;

/** Empty when all three parts can run here. */
export function missingTools(): readonly string[] {
  const java = findJava();
  return [
    ...(java.problem === undefined ? [] : [java.problem]),
    ...(Bun.which("mvn") === null && !artifactsAreCached()
      ? ["Maven (mvn) was not found: install maven; it fetches the jars of Kafka and of the registry."]
      : []),
    ...(findPostgresBinaries() === undefined
      ? ["PostgreSQL's initdb was not found in PATH or /usr/lib/postgresql: install postgresql."]
      : []),
  ];
}

/** JAVA_HOME first, as the JVM's own tools do, then PATH. */
export function findJava(): { readonly path: string; readonly problem?: string } {
  const home = process.env["JAVA_HOME"];
  const path = home === undefined || home === "" ? Bun.which("java") : join(home, "bin", "java");
  const remedy = `install openjdk-17-jre-headless or newer; Kafka and the registry run on it.`;
  if (path === null || !existsSync(path)) return { path: "java", problem: `Java was not found: ${remedy}` };
  const answer = spawnSync(path, ["-version"], { encoding: "utf8" });
  const major = Number(/version "(\d+)/.exec(answer.stderr)?.[1] ?? Number.NaN);
  if (major >= oldestJava) return { path };
  return {
    path,
    problem: `Java ${oldestJava} or newer is needed, ${path} is ${major || "unreadable"}: ${remedy}`,
  };
}

/** The folder with initdb and postgres: Debian keeps it out of PATH, one folder a major version; the newest wins. */
export function findPostgresBinaries(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  const folders = versions
    .map(Number)
    .filter((version) => version >= 13)
    .sort((left, right) => right - left)
    .map((version) => join(debian, String(version), "bin"));
  const inPath = Bun.which("initdb");
  const candidates = inPath === null ? folders : [...folders, join(inPath, "..")];
  return candidates.find(
    (folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")),
  );
}
