// `bun run dlq:rebuild`: makes the index of dead letters anew from the DLQ topics, with the settings of the services. They
// may run meanwhile; until it is done they show only what is added already.
import { rebuildIndex } from "../order/dead-letters/rebuild-index.ts";
import { openOrderStore } from "../order/store/open-order-store.ts";
import { openCodec } from "../schemas/codec.ts";
import { systemClock } from "../service/clock.ts";
import { createClosing } from "../service/closing.ts";
import { createLogger } from "../service/logger.ts";
import { openParts } from "../service/open-parts.ts";
import { readSettings, type Settings } from "../service/settings.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  const settings = readSettings(process.env);
  if (!settings.ok) {
    process.stderr.write(`${["The settings cannot be used:", ...settings.faults].join("\n  ")}\n`);
    return 1;
  }
  if (settings.value.KAFKA_BROKERS === undefined) {
    process.stderr.write(
      "There is nothing to rebuild from: the embedded cluster lives in its own process. Set KAFKA_BROKERS.\n",
    );
    return 1;
  }
  try {
    return await rebuild(settings.value);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function rebuild(settings: Settings): Promise<number> {
  const topics = [settings.KAFKA_DLQ_TOPIC, settings.SAGA_DLQ_TOPIC];
  const logger = createLogger({ level: "warn", format: settings.LOG_FORMAT ?? "pretty" });
  const closing = createClosing();
  try {
    const parts = openParts(settings);
    closing.add(() => parts.close());
    const store = await openOrderStore(settings.DATABASE_URL);
    closing.add(() => store.close());
    const codec = openCodec({
      registry: parts.registry,
      subjects: topics.map((topic) => [topic, "DeadLetter"]),
      logger,
    });
    closing.add(() => codec.close());
    const rebuilt = await rebuildIndex({
      index: store.deadLetters,
      codec,
      topics,
      consumer: {
        brokers: parts.brokers,
        security: parts.security,
        clientId: "orderwire-dlq-rebuild",
        settings: parts.consumerSettings,
      },
      clock: systemClock,
      logger,
    });
    if (!rebuilt.ok) {
      process.stderr.write(`${rebuilt.failure}\n`);
      return 1;
    }
    const { added, skipped, holes } = rebuilt.value;
    const counts = await store.deadLetters.count();
    const total = counts.reduce((sum, { letters }) => sum + letters, 0);
    process.stdout.write(
      `${added} records of ${topics.join(" and ")} read into the index, which has ${total} dead letters now.\n`,
    );
    if (skipped > 0) process.stdout.write(`${skipped} records could not be read.\n`);
    if (holes > 0) process.stdout.write(`${holes} offsets at the end hold no record.\n`);
    return 0;
  } finally {
    await closing.run();
  }
}
