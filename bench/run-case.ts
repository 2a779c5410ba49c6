// One case in this process and nothing else: started by consume.ts, answers its measurement as one line of JSON.
import { createLogger } from "../service/logger.ts";
import { readSettings } from "../service/settings.ts";
import type { BenchCase } from "./cases/bench-case.ts";
import { ownConsumer } from "./cases/own-consumer.ts";
import { pipeline } from "./cases/pipeline.ts";
import { rawConsume } from "./cases/raw-consume.ts";
import { storeInsert } from "./cases/store-insert.ts";

const cases: Readonly<Record<string, BenchCase>> = {
  "raw-consume": rawConsume,
  "own-consumer": ownConsumer,
  "store-insert": storeInsert,
  pipeline,
};

const [name = "", events] = process.argv.slice(2);
const run = cases[name];
const read = readSettings(process.env);
if (run === undefined || !read.ok || read.value.KAFKA_BROKERS === undefined) {
  throw new Error(`run-case.ts ${Object.keys(cases).join("|")} <events>, with the settings of order`);
}
const { KAFKA_BROKERS } = read.value;
const measurement = await run({
  settings: { ...read.value, KAFKA_BROKERS },
  events: Number(events),
  logger: createLogger({ level: "warn", format: "json" }),
});
process.stdout.write(`${JSON.stringify(measurement)}\n`);
process.exit(0);
