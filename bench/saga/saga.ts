// `bun run bench -- saga`: how fast the decisions of payment and stock become results on `orders`, by our order service and,
// on the same topics in the same run, by a Kafka Streams program of the same topology. Three questions: joins a second from
// full topics, the same while every SQL statement takes 20 ms, and end to end at a steady rate.
import { createLogger } from "../../service/logger.ts";
import type { BenchPart, PartContext } from "../bench-part.ts";
import { measureJoins } from "../cases/saga-joins.ts";
import { latencyOrders, measureLatency } from "../cases/saga-latency.ts";
import type { MeasuredCase } from "../report/result-file.ts";
import { type Heat, type RoundOutcome, runRounds } from "../run-rounds.ts";
import { createPostgresDatabase } from "../databases.ts";
import { compileStreamsProgram } from "../peers/streams/streams-program.ts";
import { type Arena, compete, type Contender } from "./saga-contenders.ts";
import {
  type DecisionTopics,
  makeDecisionTopics,
  openDecisionPublisher,
  placeOrders,
  publishDecisions,
} from "./saga-fill.ts";

const statementDelayMs = 20;
export const sagaOrderName = "order → PostgreSQL";
const ours: Contender = { name: sagaOrderName, kind: "order" };
const oursInLittleMemory: Contender = {
  name: "order → PostgreSQL, little memory",
  kind: "order",
  hasLittleMemory: true,
};
const streams: Contender = { name: "Kafka Streams", kind: "streams" };
const streamsWithRows: Contender = { name: "Kafka Streams → PostgreSQL", kind: "streams", hasRows: true };
/** What the Spring service that system C documents has. */
const streamsAsDocumented: Contender = {
  name: "Kafka Streams, commit.interval.ms 1000",
  kind: "streams",
  commitIntervalMs: 1000,
};
/** With slow statements: so many that the steady pace shows, and so few that it ends within a minute. */
const slowOrders = { order: 20_000, streams: 1_000 };

/** What is measured, beside how fast joins are. */
export const joinsGroup = "joins";
export const slowJoinsGroup = `slow statements, ${statementDelayMs} ms`;
export const sagaLatencyGroup = "latency";

export const saga: BenchPart = {
  name: "saga",
  full: { orders: [50_000], rounds: 2, only: "" },
  quick: { orders: [10_000], rounds: 1, only: "joins" },
  run: benchSaga,
};

async function benchSaga({ options, servers, display }: PartContext): Promise<readonly MeasuredCase[]> {
  const { rounds, only } = options;
  const orders = options.orders[0] ?? 0;
  const logger = createLogger({ level: "error", format: "json" });
  const program = await compileStreamsProgram();
  const template = await createPostgresDatabase(servers.environment.DATABASE_URL);
  const arena: Arena = { servers, streams: program, logger, template: template.url };

  async function fill(count: number): Promise<DecisionTopics> {
    const topics = newTopics();
    await makeDecisionTopics(servers.environment, topics, logger);
    const publisher = await openDecisionPublisher(servers.environment.KAFKA_BROKERS, logger);
    await publishDecisions(publisher, topics, count);
    await publisher.close();
    return topics;
  }

  async function latencyOf(contender: Contender): Promise<RoundOutcome> {
    const decisions = await fill(0);
    const match = { decisions, orders: latencyOrders, statementDelayMs: 0 };
    return { figures: { ...(await compete(contender, arena, match, measureLatency)) } };
  }

  function heat(group: string, contender: Contender, run: () => Promise<RoundOutcome>): Heat {
    return { group, name: contender.name, run };
  }

  function joins(group: string, contender: Contender, decisions: DecisionTopics, count: number, delayMs = 0) {
    const match = { decisions, orders: count, statementDelayMs: delayMs };
    return heat(group, contender, async () => ({
      figures: { ...(await compete(contender, arena, match, measureJoins)) },
    }));
  }

  try {
    display.show({ stage: "orders placed", fraction: 0 });
    await placeOrders(template.url, Math.max(orders, latencyOrders), "orders");
    const full = await fill(orders);
    const slow = { order: Math.min(orders, slowOrders.order), streams: Math.min(orders, slowOrders.streams) };
    const slowTopics = { order: await fill(slow.order), streams: await fill(slow.streams) };
    const heats = [
      ...[ours, oursInLittleMemory, streams, streamsWithRows].map((contender) =>
        joins(joinsGroup, contender, full, orders),
      ),
      ...[ours, streamsWithRows].map((contender) => {
        const { kind } = contender;
        return joins(slowJoinsGroup, contender, slowTopics[kind], slow[kind], statementDelayMs);
      }),
      ...[ours, streams, streamsAsDocumented].map((contender) =>
        heat(sagaLatencyGroup, contender, () => latencyOf(contender)),
      ),
    ].filter(({ group, name }) => `${group}, ${name}`.includes(only));
    if (heats.some(({ group }) => group === sagaLatencyGroup)) {
      display.show({ stage: "the servers warm up", fraction: 0 });
      await latencyOf(ours);
      await latencyOf(ours);
    }
    return await runRounds(heats, rounds, display);
  } finally {
    program.close();
    await template.drop();
  }
}

function newTopics(): DecisionTopics {
  const prefix = `bench-${crypto.randomUUID().slice(0, 8)}`;
  return { payment: `${prefix}-payment`, stock: `${prefix}-stock` };
}
