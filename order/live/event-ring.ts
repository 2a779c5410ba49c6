// The newest events of a stream, shared by all of its readers: each reader is a place in the ring and nothing else, so a
// thousand of them, however slow, cost what one costs. Who has fallen behind what the ring still has is told how much is gone,
// and goes on. Who comes back with the id of the last event that it saw gets every later one once.
import type { Told } from "../../contract/streams.ts";

export interface Missed {
  readonly kind: "missed";
  /** Null when nobody counted: the events were those of another life, before a restart or on another instance. */
  readonly count: number | null;
}

export interface ReadOptions {
  /** Undefined begins with what comes. */
  readonly lastEventId: string | undefined;
  readonly signal: AbortSignal;
  /** How many of the newest events a reader without an id is told first. Default: 0. */
  readonly backlog?: number;
}

export interface EventRing<Event> {
  push(event: Event): void;
  /** Ends when `signal` aborts or the ring is closed. */
  read(options: ReadOptions): AsyncGenerator<Told<Event | Missed>, void>;
  /** Of the newest event; what comes after it is what a reader with this id is told. */
  readonly lastId: string;
  readonly readers: number;
  close(): void;
}

export interface EventRingOptions {
  /** Events that are kept. */
  readonly capacity: number;
  /** Names this life of the stream: never the same twice. Visible ASCII without a full stop. */
  readonly life: string;
}

export function createEventRing<Event>({ capacity, life }: EventRingOptions): EventRing<Event> {
  const kept: Event[] = [];
  /** Of the next event: the first is 0. */
  let next = 0;
  let readers = 0;
  let closed = false;
  const waiting = new Set<() => void>();

  const idOf = (number: number) => `${life}.${number}`;
  const oldest = () => next - kept.length;

  function wakeAll(): void {
    const woken = [...waiting];
    waiting.clear();
    for (const wake of woken) wake();
  }

  function moreOrEnd(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      waiting.add(wake);
      signal.addEventListener("abort", wake);
    });
  }

  /** Undefined for an id of another life. */
  function placeAfter(lastEventId: string): number | undefined {
    const end = lastEventId.lastIndexOf(".");
    const digits = lastEventId.slice(end + 1);
    if (lastEventId.slice(0, end) !== life || !/^(-1|[0-9]{1,15})$/.test(digits)) return undefined;
    const place = Number(digits) + 1;
    return place <= next ? place : undefined;
  }

  async function* read({
    lastEventId,
    signal,
    backlog = 0,
  }: ReadOptions): AsyncGenerator<Told<Event | Missed>, void> {
    const resumed = lastEventId === undefined ? undefined : placeAfter(lastEventId);
    let place = resumed ?? Math.max(oldest(), next - backlog);
    readers += 1;
    try {
      if (lastEventId !== undefined && resumed === undefined) {
        yield { id: idOf(place - 1), event: { kind: "missed", count: null } };
      }
      while (!closed && !signal.aborted) {
        const gone = oldest() - place;
        if (gone > 0) {
          place = oldest();
          yield { id: idOf(place - 1), event: { kind: "missed", count: gone } };
          continue;
        }
        const event = kept[place % capacity];
        if (place < next && event !== undefined) {
          place += 1;
          yield { id: idOf(place - 1), event };
        } else await moreOrEnd(signal);
      }
    } finally {
      readers -= 1;
    }
  }

  return {
    push(event) {
      if (closed) return;
      kept[next % capacity] = event;
      next += 1;
      wakeAll();
    },
    read,
    get lastId() {
      return idOf(next - 1);
    },
    get readers() {
      return readers;
    },
    close() {
      closed = true;
      wakeAll();
    },
  };
}
