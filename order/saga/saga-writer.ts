// Brings a change into the store, whoever else changes the same sagas meanwhile: look, decide, save, and again from the
// start when somebody was faster. What is written goes to the outbox straight from memory.
import type { Clock } from "../../service/clock.ts";
import type { ReplayItemId } from "../replays/domain/replay.ts";
import { itemKey } from "../replays/store/replay-store.ts";
import type { SourceProgress } from "../store/order-store.ts";
import { countEvolution, type SagaCounters } from "./count-evolution.ts";
import type { Saga, SagaHome } from "./domain/saga.ts";
import type { Evolution } from "./evolution.ts";
import { createRecentSagas } from "./recent-sagas.ts";
import type { SagaMessages } from "./saga-messages.ts";
import type { OutgoingMessage, SagaSaveOutcome, SagaStore } from "./store/saga-store.ts";

/** Whether a replay had its outcome before this could be written: then it has no effect any more. */
export type IsEnded = (item: ReplayItemId) => boolean;

export interface SagaChange {
  /** Empty for what comes from no topic. */
  readonly progress: readonly SourceProgress[];
  readonly orderIds: readonly number[];
  /** What is expected to be there, instead of a look; the store says when it is not so. */
  readonly expected?: ReadonlyMap<number, Saga>;
  /** Pure; called again when a saga was changed by somebody else meanwhile. */
  readonly evolve: (known: ReadonlyMap<number, Saga>, nowMs: number, isEnded: IsEnded) => Evolution;
  /** Before each save and after the one that succeeded. */
  readonly onStage?: (stage: "before-save" | "after-save", evolution: Evolution) => void;
}

export type WriteOutcome =
  /** `lastSeq`: of the last message in our outbox; null when there was none for it. */
  | { readonly kind: "saved"; readonly lastSeq: number | null; readonly evolution: Evolution }
  | { readonly kind: "fenced"; readonly sources: readonly string[] }
  /** Of Idempotency-Keys; nothing was written. */
  | { readonly kind: "keys-taken"; readonly keys: readonly string[] };

export interface SagaWriter {
  /** Rejects with StoreUnavailable: then it is unknown whether it was written. With RegistryUnavailable it was not. */
  write(change: SagaChange): Promise<WriteOutcome>;
}

export interface SagaWriterOptions {
  readonly store: Pick<SagaStore, "load" | "save">;
  readonly messages: SagaMessages;
  readonly outbox: {
    readonly id: string;
    /** Messages that are saved, by their numbers, ascending and without gaps. */
    offer(firstSeq: number, messages: readonly OutgoingMessage[]): void;
  };
  readonly clock: Clock;
  /** Replays of one letter after which another failure puts it in quarantine. Default: 5. */
  readonly quarantineAfter?: number;
  /** Hears of each change that is saved. */
  readonly tally?: SagaCounters;
}

export function createSagaWriter({
  store,
  messages,
  outbox,
  clock,
  quarantineAfter = 5,
  tally,
}: SagaWriterOptions): SagaWriter {
  const recent = createRecentSagas();

  /** What this process has just saved, and for the rest one query. */
  async function look(orderIds: readonly number[]): Promise<ReadonlyMap<number, Saga>> {
    const remembered = recent.recall(orderIds);
    if (remembered.size === orderIds.length) return remembered;
    const loaded = await store.load(orderIds.filter((orderId) => !remembered.has(orderId)));
    return remembered.size === 0 ? loaded : new Map([...loaded, ...remembered]);
  }

  async function writeOnce(
    change: SagaChange,
    known: ReadonlyMap<number, Saga>,
    isEnded: IsEnded,
  ): Promise<WriteOutcome | Extract<SagaSaveOutcome, { kind: "conflicts" | "settled" }>> {
    const nowMs = clock.nowMs();
    const evolution = change.evolve(known, nowMs, isEnded);
    const { changes, counted, requests = [] } = evolution;
    const settle = evolution.replayEnds
      .filter((end) => !isEnded(end))
      .map((end) => ({ ...end, atMs: nowMs, quarantineAfter }));
    const outgoing = evolution.messages.map((message) => messages.toOutgoing(message, nowMs));
    change.onStage?.("before-save", evolution);
    const saved = await store.save({
      progress: change.progress,
      changes,
      messages: outgoing,
      outbox: outbox.id,
      counted,
      requests,
      settle,
    });
    if (saved.kind !== "saved") return saved;
    if (tally !== undefined) countEvolution(tally, evolution);
    change.onStage?.("after-save", evolution);
    const { lastSeq } = saved;
    const own = ownOf(outgoing, saved.elsewhere);
    const firstSeq = lastSeq === null ? 0 : lastSeq - own.length + 1;
    if (lastSeq !== null && own.length > 0) outbox.offer(firstSeq, own);
    const homes = homesOf(outbox.id, own, firstSeq);
    recent.remember(changes.map(({ saga }) => withHome(saga, homes)));
    return { kind: "saved", lastSeq, evolution };
  }

  return {
    async write(change) {
      const { orderIds, expected } = change;
      let known = expected ?? (await look(orderIds));
      const ended = new Set<string>();
      for (;;) {
        try {
          const written = await writeOnce(change, known, (item) => ended.has(itemKey(item)));
          if (written.kind === "settled") {
            for (const item of written.items) ended.add(itemKey(item));
            continue;
          }
          if (written.kind !== "conflicts") return written;
        } catch (error) {
          // Written or not: the store knows.
          recent.forget(orderIds);
          throw error;
        }
        if (expected === undefined) recent.distrust();
        recent.forget(orderIds);
        known = await store.load(orderIds);
      }
    },
  };
}

/** Where the NEW of an order lies that has just been placed: its first message. */
function homesOf(
  outboxId: string,
  messages: readonly OutgoingMessage[],
  firstSeq: number,
): ReadonlyMap<number, SagaHome> {
  const homes = new Map<number, SagaHome>();
  for (const [index, { orderId }] of messages.entries()) {
    if (orderId !== null && !homes.has(orderId))
      homes.set(orderId, { outbox: outboxId, seq: firstSeq + index });
  }
  return homes;
}

/** As the store has it. */
function withHome(saga: Saga, homes: ReadonlyMap<number, SagaHome>): Saga {
  if (saga.order === null || saga.home !== null) return saga;
  return { ...saga, home: homes.get(saga.orderId) ?? null };
}

function ownOf(
  messages: readonly OutgoingMessage[],
  elsewhere: readonly number[] | undefined,
): readonly OutgoingMessage[] {
  if (elsewhere === undefined) return messages;
  const away = new Set(elsewhere);
  return messages.filter(({ orderId }) => orderId === null || !away.has(orderId));
}
