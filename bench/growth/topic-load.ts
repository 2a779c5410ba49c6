// The order service, a process as `bun run order` starts it, takes a full topic into its store: from the moment when it has
// its partitions until its store has the last event. How far it is, the database is asked from here, every 20 ms.
import { Database } from "bun:sqlite";
import { SQL } from "bun";
import { join } from "node:path";
import { openOrderStore } from "../../order/store/open-order-store.ts";
import { type BenchDatabase, sqlitePath } from "../databases.ts";
import { startProgram } from "../measured-program.ts";
import type { RoundOutcome } from "../run-rounds.ts";

export interface TopicLoad {
  /** Its settings, with a full topic and a group of its own. */
  readonly environment: Readonly<Record<string, string>> & { readonly KAFKA_ORDER_TOPIC: string };
  readonly database: BenchDatabase;
  /** How many the topic holds. */
  readonly events: number;
  /** How many orders there are at the end. */
  readonly orders: number;
}

const askEveryMs = 20;
const silenceMs = 60_000;

/** Throws unless every order is there at the end and no event waits or failed. */
export async function measureTopicLoad({
  environment,
  database,
  events,
  orders,
}: TopicLoad): Promise<RoundOutcome> {
  const progress = openProgress(database.url);
  const profile = process.env["BENCH_PROFILE"] === "order" ? ["--cpu-prof", "--cpu-prof-md"] : [];
  const program = startProgram({
    name: "order",
    command: [process.execPath, ...profile, join(import.meta.dirname, "..", "..", "order", "main.ts")],
    environment: () => ({
      ...environment,
      DATABASE_URL: database.url,
      ORDER_PORT: "0",
      LOG_LEVEL: "info",
      LOG_FORMAT: "json",
    }),
    saysRunning: (line) =>
      line.includes("Partitions assigned") && line.includes(environment.KAFKA_ORDER_TOPIC),
  });
  try {
    const startedAtMs = await Promise.race([program.running, program.failed]);
    const atStart = program.figures();
    const rssMb = [atStart.rssMb];
    await Promise.race([
      program.failed,
      until(progress, events, (done) => {
        while (rssMb.length <= 10 && done >= (events * rssMb.length) / 10)
          rssMb.push(program.figures().rssMb);
      }),
    ]);
    const seconds = (performance.now() - startedAtMs) / 1000;
    const atEnd = program.figures();
    await program.stop();
    await requireComplete(database.url, orders);
    return {
      figures: {
        events,
        eventsPerSecond: events / seconds,
        microsPerEvent: (seconds * 1e6) / events,
        cpuMicrosPerEvent: ((atEnd.cpuMs - atStart.cpuMs) * 1000) / events,
        rssPeakMb: atEnd.peakRssMb,
      },
      series: { rssMb },
    };
  } finally {
    await program.stop();
    await progress.close();
  }
}

interface Progress {
  /** Events that the store has the effect of. */
  done(): Promise<number>;
  close(): Promise<void>;
}

const question = "select coalesce(sum(next_offset), 0) as done from source_claims";

/** Of all sources; the other topics of the run are empty. */
function openProgress(url: string): Progress {
  if (url.startsWith("postgres")) {
    const sql = new SQL(url, { max: 1 });
    return {
      async done() {
        const [row] = await sql.unsafe<{ done: string }[]>(question);
        return Number(row?.done ?? 0);
      },
      close: () => sql.close(),
    };
  }
  const database = new Database(sqlitePath(url));
  database.run("pragma busy_timeout = 5000");
  const statement = database.query<{ done: number }, []>(question);
  return {
    done: async () => statement.get()?.done ?? 0,
    async close() {
      statement.finalize();
      database.close();
    },
  };
}

async function until(progress: Progress, events: number, onDone: (count: number) => void): Promise<void> {
  let [last, changedAtMs] = [0, performance.now()];
  for (;;) {
    const count = await progress.done();
    onDone(count);
    if (count >= events) return;
    if (count !== last) [last, changedAtMs] = [count, performance.now()];
    if (performance.now() - changedAtMs > silenceMs)
      throw new Error(`nothing came for ${silenceMs / 1000} s after ${count} of ${events} events`);
    await Bun.sleep(askEveryMs);
  }
}

async function requireComplete(url: string, orders: number): Promise<void> {
  const store = await openOrderStore(url);
  const [count, parked] = [await store.count(), await store.countParked()];
  await store.close();
  if (count !== orders) throw new Error(`${count} orders are stored, not ${orders}`);
  if (parked.waiting + parked.behind + parked.dead > 0) throw new Error("some events failed and are parked");
}
