// Payment and stock, which are other people's services, as stand-ins on the topics: so that the sagas of a first run decide
// themselves, and tests have somebody to decide. What they know lives in memory and ends with the process; see README.md.
import type { ClientSettings } from "../../../kafka/binding.ts";
import { openPublisher } from "../../../kafka/publisher.ts";
import type { Clock } from "../../../service/clock.ts";
import type { Logger } from "../../../service/logger.ts";
import { type ConsumerGroup, openConsumerGroup } from "../../consumer-group.ts";
import { createFeed } from "../../feed/feed.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Answer, Balance } from "./ledger.ts";
import { createParticipant, type Participant, type ParticipantOptions } from "./participant.ts";
import { paymentRules, stockRules } from "./rules.ts";

export interface Participants {
  /** By customer in cents, by product in pieces; those that an order has named. */
  balances(): {
    readonly payment: ReadonlyMap<string, Balance>;
    readonly stock: ReadonlyMap<string, Balance>;
  };
  /** Decisions that the broker has acknowledged since the start. */
  decided(): {
    readonly payment: Readonly<Record<Answer, number>>;
    readonly stock: Readonly<Record<Answer, number>>;
  };
  /** Whether both read. */
  readonly running: boolean;
  close(): Promise<void>;
}

export interface ParticipantsOptions {
  readonly brokers: string;
  readonly security?: ClientSettings;
  readonly topics: { readonly orders: string; readonly payment: string; readonly stock: string };
  /** What the stand-in stock begins with. */
  readonly catalog: Pick<Catalog, "lookUp">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly consumerSettings: ClientSettings;
  readonly sessionTimeoutMs?: number;
  /** Default `payment-group` and `stock-group`. */
  readonly groupIds?: { readonly payment: string; readonly stock: string };
}

/** Resolves whether or not a broker is there. */
export async function openParticipants(options: ParticipantsOptions): Promise<Participants> {
  const { brokers, topics, clock, groupIds = { payment: "payment-group", stock: "stock-group" } } = options;
  const logger = options.logger.child({ service: "stand-ins" });
  const cluster = { brokers, ...(options.security === undefined ? {} : { security: options.security }) };
  const publisher = await openPublisher({ ...cluster, clientId: "orderwire-stand-ins", logger });

  async function open(groupId: string, participant: Participant) {
    const feed = createFeed({
      workOff: (records, isWanted) => participant.workOff(records, isWanted),
      look: () => participant.look(),
      name: groupId,
      clock,
      logger,
    });
    const group: ConsumerGroup = await openConsumerGroup({
      join: (source) => feed.join(source),
      clock,
      consumer: {
        ...cluster,
        clientId: "orderwire-stand-ins",
        groupId,
        topics: [topics.orders],
        settings: options.consumerSettings,
        ...(options.sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs: options.sessionTimeoutMs }),
        logger: logger.child({ groupId }),
      },
    });
    return {
      participant,
      group,
      async close() {
        await group.close();
        feed.stop();
      },
    };
  }

  const publish: ParticipantOptions["publish"] = (record) => publisher.publish(record);
  const common = { publish, clock, logger };
  const payment = createParticipant({ ...common, rules: paymentRules, topic: topics.payment });
  const stock = createParticipant({ ...common, rules: stockRules(options.catalog), topic: topics.stock });
  const sides = await Promise.all([open(groupIds.payment, payment), open(groupIds.stock, stock)]);

  return {
    balances: () => ({ payment: payment.balances(), stock: stock.balances() }),
    decided: () => ({ payment: payment.decided, stock: stock.decided }),
    get running() {
      return sides.every(({ group }) => group.running);
    },
    async close() {
      await Promise.all(sides.map((side) => side.close()));
      await publisher.close();
    },
  };
}
