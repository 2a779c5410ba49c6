// Promises a freshly formatted log folder for a single KRaft node. Formatting takes a JVM of its own (1.5 s) and, for
// one cluster id, always yields the same two small files: it is done once and kept with the jars.
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runToEnd } from "./run-to-end.ts";

/** 16 bytes in base64url, as Kafka writes cluster ids. */
const clusterId = Buffer.from("orderwire--tests").toString("base64url");

/** `runTool` is the command line of a JVM with Kafka's jars, without the main class. */
export async function createFormattedStorage(
  data: string,
  jars: string,
  runTool: readonly string[],
): Promise<void> {
  const template = join(jars, "formatted");
  if (!existsSync(template)) await format(template, runTool);
  cpSync(template, data, { recursive: true });
}

/** For settings that decide what is written: users, for instance. */
export async function formatStorage(
  settingsPath: string,
  runTool: readonly string[],
  more: readonly string[],
): Promise<void> {
  const tool = ["kafka.tools.StorageTool", "format", "--cluster-id", clusterId, "--config", settingsPath];
  await runToEnd([...runTool, ...tool, ...more]);
}

async function format(template: string, runTool: readonly string[]): Promise<void> {
  const incoming = mkdtempSync(`${template}.incoming-`);
  const settingsPath = join(incoming, "format.properties");
  const settings = [
    "process.roles=broker,controller",
    "node.id=1",
    "controller.quorum.voters=1@127.0.0.1:9093",
    "listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093",
    "controller.listener.names=CONTROLLER",
    `log.dirs=${incoming}`,
  ];
  writeFileSync(settingsPath, `${settings.join("\n")}\n`);
  try {
    await formatStorage(settingsPath, runTool, []);
    rmSync(settingsPath);
    renameSync(incoming, template);
  } catch (error) {
    // Another run may have formatted at the same time; its folder is as good.
    if (!existsSync(template)) throw error;
  } finally {
    rmSync(incoming, { recursive: true, force: true });
  }
}
