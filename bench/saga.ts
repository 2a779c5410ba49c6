// `bun run bench -- saga`: how fast the decisions of payment and stock become results on `orders`, by our order service and,
// on the same topics in the same run, by a Kafka Streams program of the same topology. Three questions: joins a second from
// full topics, the same while every SQL statement takes 20 ms, and end to end at a steady rate. The order of the contenders
// alternates from round to round.
import { createProgressDisplay } from "../kafka/native/progress.ts";
import { createLogger } from "../service/logger.ts";
import { measureJoins } from "./cases/saga-joins.ts";
import type { JoinFigures, LatencyFigures } from "./cases/saga-case.ts";
import { latencyOrders, measureLatency } from "./cases/saga-latency.ts";
import { createPostgresDatabase } from "./databases.ts";
import { compileStreamsProgram } from "./peers/streams/streams-program.ts";
import { type Arena, compete, type Contender } from "./saga-contenders.ts";
import {
  type DecisionTopics,
  makeDecisionTopics,
  openDecisionPublisher,
  placeOrders,
  publishDecisions,
} from "./saga-fill.ts";
import { openServers } from "./servers.ts";

export interface SagaOptions {
  readonly orders: number;
  readonly rounds: number;
  /** Only cases with this text in their name, `joins, Kafka Streams` for one. */
  readonly only: string;
}

export interface SagaResults {
  /** By contender, a value for each round. */
  readonly joins: ReadonlyMap<string, readonly JoinFigures[]>;
  readonly slowJoins: ReadonlyMap<string, readonly JoinFigures[]>;
  readonly latency: ReadonlyMap<string, readonly LatencyFigures[]>;
}

interface Heat {
  readonly contender: Contender;
  readonly question: string;
  run(): Promise<void>;
}

export const statementDelayMs = 20;
const ours: Contender = { name: "order → PostgreSQL", kind: "order" };
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

/** Throws when a contender lost, doubled or confused a result: a fast wrong answer is no figure. */
export async function benchSaga({ orders, rounds, only }: SagaOptions): Promise<SagaResults> {
  const servers = await openServers();
  const display = createProgressDisplay(process.stderr, "Benchmark");
  const logger = createLogger({ level: "error", format: "json" });
  const program = await compileStreamsProgram();
  const template = await createPostgresDatabase(servers.environment.DATABASE_URL);
  const arena: Arena = { servers, streams: program, logger, template: template.url };
  const joins = new Map<string, JoinFigures[]>();
  const slowJoins = new Map<string, JoinFigures[]>();
  const latency = new Map<string, LatencyFigures[]>();

  async function fill(count: number): Promise<DecisionTopics> {
    const topics = newTopics();
    await makeDecisionTopics(servers.environment, topics, logger);
    const publisher = await openDecisionPublisher(servers.environment.KAFKA_BROKERS, logger);
    await publishDecisions(publisher, topics, count);
    await publisher.close();
    return topics;
  }

  try {
    display.show({ stage: "orders placed", fraction: 0 });
    await placeOrders(template.url, Math.max(orders, latencyOrders), "orders");
    const full = await fill(orders);
    const heats: Heat[] = [ours, oursInLittleMemory, streams, streamsWithRows].map((contender) => ({
      contender,
      question: "joins",
      async run() {
        const match = { decisions: full, orders, statementDelayMs: 0 };
        keep(joins, contender, await compete(contender, arena, match, measureJoins));
      },
    }));
    for (const contender of [ours, streamsWithRows]) {
      const count = Math.min(orders, slowOrders[contender.kind]);
      const decisions = await fill(count);
      heats.push({
        contender,
        question: "slow statements",
        async run() {
          const match = { decisions, orders: count, statementDelayMs };
          keep(slowJoins, contender, await compete(contender, arena, match, measureJoins));
        },
      });
    }
    async function latencyOf(contender: Contender): Promise<LatencyFigures> {
      const decisions = await fill(0);
      const match = { decisions, orders: latencyOrders, statementDelayMs: 0 };
      return compete(contender, arena, match, measureLatency);
    }
    for (const contender of [ours, streams, streamsAsDocumented]) {
      heats.push({
        contender,
        question: "latency",
        run: async () => keep(latency, contender, await latencyOf(contender)),
      });
    }
    const chosen = heats.filter(({ question, contender }) => `${question}, ${contender.name}`.includes(only));
    if (chosen.some(({ question }) => question === "latency")) {
      display.show({ stage: "the servers warm up", fraction: 0 });
      await latencyOf(ours);
      await latencyOf(ours);
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, heat] of (round % 2 === 0 ? chosen : chosen.toReversed()).entries()) {
        const stage = `${heat.question}, ${heat.contender.name}, round ${round + 1}`;
        display.show({ stage, fraction: (round * chosen.length + index) / (chosen.length * rounds) });
        await heat.run().catch((error: unknown) => {
          throw new Error(`${stage}: ${error instanceof Error ? error.message : String(error)}`);
        });
      }
    }
    return { joins, slowJoins, latency };
  } finally {
    display.end();
    program.close();
    await template.drop();
    await servers.close();
  }
}

function keep<Figures>(results: Map<string, Figures[]>, { name }: Contender, figures: Figures): void {
  results.set(name, [...(results.get(name) ?? []), figures]);
}

function newTopics(): DecisionTopics {
  const prefix = `bench-${crypto.randomUUID().slice(0, 8)}`;
  return { payment: `${prefix}-payment`, stock: `${prefix}-stock` };
}
