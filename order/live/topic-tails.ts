// Tails of topics for all who look: one reader a topic, however many look at it, opened for the first and closed some seconds
// after the last, so that a page that reconnects goes on where it was. What is kept for them is bounded.
import type { ContractFailure } from "../../contract/errors.ts";
import { failed, type Result, success } from "../../contract/result.ts";
import type { Stream, StreamRequest } from "../../contract/streams.ts";
import type { TailedRecord, TailEvent } from "../../contract/topics.ts";
import type { ReadTopicFailure } from "../../kafka/read-topic.ts";
import type { KafkaRecord } from "../../kafka/record.ts";
import type { OpenTailOutcome, TailTopicOptions } from "../../kafka/tail-topic.ts";
import type { Clock } from "../../service/clock.ts";
import { createEventRing, type EventRing } from "./event-ring.ts";

export interface TopicTails {
  /** `too_many_requests` beyond a few topics at once, `unavailable` while no broker answers. */
  open(topic: string, request: StreamRequest): Promise<Result<Stream<TailEvent>, ContractFailure>>;
  /** Ends every stream. */
  close(): Promise<void>;
}

export interface TopicTailsOptions {
  readonly openTail: (
    options: Pick<TailTopicOptions, "topic" | "backlog" | "onRecords" | "onPassedOver" | "onFailed">,
  ) => Promise<OpenTailOutcome>;
  readonly tell: (record: KafkaRecord) => Promise<TailedRecord>;
  readonly clock: Clock;
  /** Different for each reader that is opened. */
  readonly newLife: () => string;
}

const maxTopics = 4;
/** Of each partition. */
const backlog = 25;
/** With what a record's telling is bounded to, some megabytes a topic at most. */
const keptEvents = 400;
const lingerMs = 8000;

interface OpenTopic {
  readonly ring: EventRing<TailEvent>;
  readonly opened: Promise<OpenTailOutcome>;
  cancelEnd: (() => void) | undefined;
}

export function createTopicTails({ openTail, tell, clock, newLife }: TopicTailsOptions): TopicTails {
  const topics = new Map<string, OpenTopic>();
  let closed = false;

  function start(topic: string): OpenTopic {
    const ring = createEventRing<TailEvent>({ capacity: keptEvents, life: newLife() });
    const opened = openTail({
      topic,
      backlog,
      async onRecords(records) {
        for (const record of records) ring.push({ kind: "record", record: await tell(record) });
      },
      onPassedOver: (count) => ring.push({ kind: "missed", count }),
      // Its readers come back, and open it anew or hear why not.
      onFailed: () => void end(topic, own),
    });
    const own: OpenTopic = { ring, opened, cancelEnd: undefined };
    topics.set(topic, own);
    return own;
  }

  async function end(topic: string, own: OpenTopic): Promise<void> {
    if (topics.get(topic) === own) topics.delete(topic);
    own.ring.close();
    own.cancelEnd?.();
    const opened = await own.opened;
    if (opened.ok) await opened.value.close();
  }

  function endSoon(topic: string, own: OpenTopic): void {
    own.cancelEnd?.();
    own.cancelEnd = clock.after(lingerMs, () => {
      if (own.ring.readers === 0) void end(topic, own);
    });
  }

  async function* read(
    topic: string,
    own: OpenTopic,
    { lastEventId, signal }: StreamRequest,
  ): Stream<TailEvent> {
    try {
      yield* own.ring.read({ lastEventId, signal, backlog: keptEvents });
    } finally {
      if (own.ring.readers === 0) endSoon(topic, own);
    }
  }

  return {
    async open(topic, request) {
      if (closed) return failed({ code: "unavailable", message: "The service is stopping." });
      const known = topics.get(topic);
      if (known === undefined && topics.size >= maxTopics) {
        const message = `${maxTopics} topics are being looked at already: close one of the tails.`;
        return failed({ code: "too_many_requests", message, retryAfterSeconds: 10 });
      }
      const own = known ?? start(topic);
      const opened = await own.opened;
      if (!opened.ok) {
        if (topics.get(topic) === own) topics.delete(topic);
        return failed(whyNot(topic, opened.failure));
      }
      // Somebody who asks and does not read must not keep it open for ever.
      endSoon(topic, own);
      return success(read(topic, own, request));
    },
    async close() {
      closed = true;
      await Promise.all([...topics].map(([topic, own]) => end(topic, own)));
    },
  };
}

function whyNot(topic: string, { kind, message }: ReadTopicFailure): ContractFailure {
  return kind === "refused"
    ? { code: "unavailable", message: `Topic '${topic}' cannot be read: ${message}.`, retryAfterSeconds: 10 }
    : { code: "unavailable", message: "Kafka cannot be reached.", retryAfterSeconds: 2 };
}
