// Deadlines that are hardly ever reached, at the cost of an entry in a set each: what waits for the same delay ends in the order
// in which it began, so each delay has one timer of the platform's, for its oldest.

/** Calls `fire` once after `delayMs`, unless the function it returns is called before. */
export interface Timer {
  after(delayMs: number, fire: () => void): () => void;
}

interface Waiting {
  readonly dueAtMs: number;
  readonly fire: () => void;
}

/** Delays are few, for each is remembered. `nowMs` never goes back. */
export function createSharedTimer(
  startTimer: (delayMs: number, fire: () => void) => void,
  nowMs: () => number,
): Timer {
  const queues = new Map<number, (fire: () => void) => () => void>();

  function openQueue(delayMs: number): (fire: () => void) => () => void {
    const waiting = new Set<Waiting>();
    let isWatched = false;

    /** Not moved when the oldest is taken back: it then finds nothing due. */
    function watchOldest(): void {
      const [oldest] = waiting;
      isWatched = oldest !== undefined;
      if (oldest !== undefined) startTimer(Math.max(1, Math.ceil(oldest.dueAtMs - nowMs())), fireDue);
    }

    function fireDue(): void {
      const atMs = nowMs();
      try {
        for (const entry of waiting) {
          if (entry.dueAtMs > atMs) break;
          waiting.delete(entry);
          entry.fire();
        }
      } finally {
        // Whatever one of them throws, the others have their deadlines.
        watchOldest();
      }
    }

    return (fire) => {
      const entry = { dueAtMs: nowMs() + delayMs, fire };
      waiting.add(entry);
      if (!isWatched) watchOldest();
      return () => waiting.delete(entry);
    };
  }

  return {
    after(delayMs, fire) {
      const known = queues.get(delayMs);
      if (known !== undefined) return known(fire);
      const queue = openQueue(delayMs);
      queues.set(delayMs, queue);
      return queue(fire);
    },
  };
}
