// Reads what became of system C's orders past all code of order: topics with a consumer of the suite's own, tables with plain SQL.
import { SQL } from "bun";
import type { Settings } from "../../service/settings.ts";
import { readLetter } from "../system/read-letters.ts";
import { openLineWriter } from "./run-files.ts";
import type { OrderDto } from "../../schemas/events.ts";
import type { FoundDecision } from "./saga-account.ts";
import { streamTopic } from "./stream-topic.ts";

export interface ReadableSagas {
  readonly brokers: string;
  readonly settings: Settings;
  readonly databaseUrl: string;
  readonly directory: string;
}

export async function readSagaTopics({
  brokers,
  settings,
  databaseUrl,
  directory,
}: ReadableSagas): Promise<void> {
  const orders = openLineWriter(directory, "sagaOrders");
  await streamTopic(brokers, settings.SAGA_ORDERS_TOPIC, ({ value }) => {
    const { orderId, customerId, status, source, items }: OrderDto = JSON.parse(String(value));
    orders.write({ orderId, customerId, status, source, items });
  });
  await orders.close();
  for (const [topic, file] of [
    [settings.SAGA_PAYMENT_TOPIC, "sagaPayment"],
    [settings.SAGA_STOCK_TOPIC, "sagaStock"],
  ] as const) {
    const decisions = openLineWriter(directory, file);
    await streamTopic(brokers, topic, ({ value }) => {
      const { orderId, status }: FoundDecision = JSON.parse(String(value));
      decisions.write({ orderId, status });
    });
    await decisions.close();
  }
  const letters = openLineWriter(directory, "sagaLetters");
  await streamTopic(brokers, settings.SAGA_DLQ_TOPIC, (record) =>
    letters.write({ id: readLetter(record).id }),
  );
  await letters.close();

  const sql = new SQL(databaseUrl, { max: 1 });
  const stored = openLineWriter(directory, "sagaStored");
  try {
    const rows: readonly { orderId: number; status: string }[] =
      await sql`select order_id::float8 as "orderId", status from sagas`;
    for (const row of rows) stored.write(row);
  } finally {
    await Promise.all([sql.close(), stored.close()]);
  }
}
