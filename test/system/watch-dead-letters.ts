// Looks at system A's list of dead letters again and again and remembers when each one was there first: how long a dead
// letter took is then known, however late somebody asks.
import { eventually } from "./eventually.ts";
import { callHttp } from "./http-call.ts";

export interface ListedLetter {
  readonly originalMessage: string | null;
  readonly errorMessage: string;
  readonly errorType: string;
  readonly retryCount: number;
  readonly failedAttempts: number;
  readonly firstFailureTimestamp: string;
  readonly lastFailureTimestamp: string;
  readonly originalTopic: string;
  readonly originalPartition: number;
  readonly originalOffset: number;
  readonly consumerGroup: string;
}

export interface SeenLetter {
  readonly letter: ListedLetter;
  /** Milliseconds since the epoch. */
  readonly seenAtMs: number;
}

export interface DeadLetterWatch {
  /** All of an order, in the order of the topic; of letters whose event was decoded. */
  of(orderId: string): readonly SeenLetter[];
  /** The first one of an order, as soon as it is there. */
  untilSeen(orderId: string, timeoutMs?: number): Promise<SeenLetter>;
  stop(): Promise<void>;
}

const lookIntervalMs = 20;

export function watchDeadLetters(orderUrl: string): DeadLetterWatch {
  const seen = new Map<string, SeenLetter & { readonly orderId: string }>();
  let stopped = false;

  async function look(): Promise<void> {
    const { body } = await callHttp<{ messages: ListedLetter[] }>("GET", `${orderUrl}/api/dlq/messages`);
    const seenAtMs = Date.now();
    for (const letter of body.messages) {
      const { originalTopic, originalPartition, originalOffset, originalMessage } = letter;
      const id = `${originalTopic}/${originalPartition}/${originalOffset}`;
      if (seen.has(id)) continue;
      const event: { orderId?: string } = JSON.parse(originalMessage ?? "{}");
      seen.set(id, { letter, seenAtMs, orderId: event.orderId ?? "" });
    }
  }

  async function lookAgainAndAgain(): Promise<void> {
    while (!stopped) {
      await look();
      await Bun.sleep(lookIntervalMs);
    }
  }

  const looking = lookAgainAndAgain();
  const of = (orderId: string) => [...seen.values()].filter((letter) => letter.orderId === orderId);
  return {
    of,
    untilSeen: (orderId, timeoutMs = 15_000) =>
      eventually(async () => {
        const [first] = of(orderId);
        if (first === undefined) throw new Error(`no dead letter of ${orderId}`);
        return first;
      }, timeoutMs),
    async stop() {
      stopped = true;
      await looking;
    },
  };
}
