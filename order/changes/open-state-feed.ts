// The feed of states with what it publishes to, and the store through which batches tell it.
import { openTransactionalPublisher } from "../../kafka/transactional-publisher.ts";
import type { Codec } from "../../schemas/codec.ts";
import { systemClock } from "../../service/clock.ts";
import type { Closing } from "../../service/closing.ts";
import type { Logger } from "../../service/logger.ts";
import type { Parts } from "../../service/open-parts.ts";
import type { Settings } from "../../service/settings.ts";
import { stateTopicOf } from "../../service/settings/topic-names.ts";
import type { OrderStore } from "../store/order-store.ts";
import { createStatePublisher, type StatePublisher } from "./state-publisher.ts";

export interface StateFeedOptions {
  readonly settings: Settings;
  readonly parts: Pick<Parts, "brokers" | "security">;
  readonly store: OrderStore;
  readonly codec: Pick<Codec, "encode" | "ready">;
  readonly logger: Logger;
  readonly closing: Closing;
  /** Resolves when the topic is there. */
  readonly topicReady: Promise<unknown>;
}

export interface StateFeed {
  /** The store for whoever changes orders: what it saves is told. */
  readonly store: OrderStore;
}

/** Does nothing, and costs nothing, without a topic. */
export function openStateFeed(options: StateFeedOptions): StateFeed {
  const { settings, store, logger, closing } = options;
  const topic = stateTopicOf(settings);
  if (topic === undefined) {
    // Changes from now on are not written down: a feed that is switched on again begins with every order.
    void store.changes.reset().catch((cause: unknown) => {
      logger.debug("The feed of states was not reset", { cause: String(cause) });
    });
    return { store };
  }
  let publisher: StatePublisher | undefined;
  let closed = false;
  let close = async (): Promise<void> => undefined;
  open(options, topic).then(
    (opened) => {
      publisher = opened.publisher;
      close = opened.close;
    },
    (cause: unknown) => {
      logger.error("States of orders are not published: their publisher cannot be opened", {
        topic,
        cause: String(cause),
      });
    },
  );
  closing.add(() => {
    closed = true;
    return close();
  });

  async function open({ parts, codec, topicReady }: StateFeedOptions, name: string) {
    await topicReady;
    const transactional = await openTransactionalPublisher({
      brokers: parts.brokers,
      security: parts.security,
      clientId: "orderwire-order",
      transactionalId: `${settings.KAFKA_GROUP_ID}-order-state`,
      logger,
    });
    const opened = createStatePublisher({
      store,
      publisher: transactional,
      codec,
      topic: name,
      holder: crypto.randomUUID(),
      clock: systemClock,
      logger,
    });
    const end = async () => {
      await opened.stop();
      await transactional.close();
    };
    if (closed) await end();
    return { publisher: opened, close: end };
  }

  return {
    store: {
      ...store,
      async save(batch) {
        const saved = await store.save({ ...batch, announce: true });
        if (saved.kind === "saved" && batch.changes.length > 0) publisher?.poke();
        return saved;
      },
    },
  };
}
