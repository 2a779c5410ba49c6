// Kafka's own console producer and consumer, from the jars of the parts, as anybody would use them.
import { join } from "node:path";
import { kafkaJars } from "../parts/artifacts.ts";
import { findJava } from "../parts/machine.ts";

async function runTool(mainClass: string, parameters: readonly string[], input = ""): Promise<string> {
  const { path: java, problem } = findJava();
  if (problem !== undefined) throw new Error(problem);
  const jars = join(await kafkaJars(), "*");
  const quick = ["-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"];
  const child = Bun.spawn([java, ...quick, "-cp", jars, mainClass, ...parameters], {
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (exitCode !== 0) throw new Error(`${mainClass} ended with exit code ${exitCode}:\n${out}${err}`);
  return out;
}

/** A line is `headers<tab>key<tab>value`, headers as `name:value,name:value`. */
export async function produceByConsole(
  brokers: string,
  topic: string,
  lines: readonly string[],
): Promise<void> {
  await runTool(
    "org.apache.kafka.tools.ConsoleProducer",
    [
      `--bootstrap-server=${brokers}`,
      `--topic=${topic}`,
      "--reader-property=parse.key=true",
      "--reader-property=parse.headers=true",
    ],
    `${lines.join("\n")}\n`,
  );
}

/** The first `count` committed records, each as `key<tab>value`. */
export async function consumeByConsole(
  brokers: string,
  topic: string,
  count: number,
): Promise<readonly string[]> {
  const out = await runTool("org.apache.kafka.tools.consumer.ConsoleConsumer", [
    `--bootstrap-server=${brokers}`,
    `--topic=${topic}`,
    "--from-beginning",
    "--isolation-level=read_committed",
    `--max-messages=${count}`,
    "--timeout-ms=20000",
    "--formatter-property=print.key=true",
  ]);
  return out.trimEnd().split("\n");
}
