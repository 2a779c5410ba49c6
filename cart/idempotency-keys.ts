// Remembers, for a while, which request came with which Idempotency-Key: another body under the same key is refused,
// and a repeat is answered like the first. Only a courtesy: what keeps a repeat from having a second effect is the event
// id (event-id.ts), which needs no memory, so any cart instance may take it, also after a restart.

export interface IdempotentRequest<Outcome> {
  /** The client's Idempotency-Key. */
  readonly key: string;
  /** Equal for equal requests. */
  readonly fingerprint: string;
  /** Runs once for a new key. An outcome that is not ok is forgotten, so that a repeat publishes again. */
  publish(requestedAt: Date): Promise<Outcome>;
  /** Answers a repeat after success, with the time of the first request. */
  answerRepeat(requestedAt: Date): Outcome;
  /** Answers another request under a key that is taken. */
  refuse(): Outcome;
}

export interface IdempotencyKeys {
  /** A repeat while the first request runs shares its outcome. */
  run<Outcome extends { readonly ok: boolean }>(request: IdempotentRequest<Outcome>): Promise<Outcome>;
}

interface Entry {
  readonly fingerprint: string;
  readonly requestedAt: Date;
  /** Present while the first request runs. */
  running?: Promise<unknown>;
}

export interface IdempotencyKeysOptions {
  /** How long a key is remembered, in milliseconds. Default: an hour. */
  readonly rememberMs?: number;
  /** How many keys are remembered; the oldest goes first. Default: 100,000, about 20 MB. */
  readonly capacity?: number;
  readonly now?: () => Date;
}

export function createIdempotencyKeys(options: IdempotencyKeysOptions = {}): IdempotencyKeys {
  const { rememberMs = 3_600_000, capacity = 100_000, now = () => new Date() } = options;
  const entries = new Map<string, Entry>();

  function remember(key: string, entry: Entry): void {
    entries.set(key, entry);
    if (entries.size <= capacity) return;
    const oldest = entries.keys().next();
    if (!oldest.done) entries.delete(oldest.value);
  }

  function recall(key: string, at: Date): Entry | undefined {
    const entry = entries.get(key);
    if (entry === undefined || at.getTime() - entry.requestedAt.getTime() < rememberMs) return entry;
    entries.delete(key);
    return undefined;
  }

  async function runFirst<Outcome extends { readonly ok: boolean }>(
    entry: Entry,
    request: IdempotentRequest<Outcome>,
  ): Promise<Outcome> {
    let succeeded = false;
    try {
      const outcome = await request.publish(entry.requestedAt);
      succeeded = outcome.ok;
      return outcome;
    } finally {
      delete entry.running;
      if (!succeeded && entries.get(request.key) === entry) entries.delete(request.key);
    }
  }

  return {
    async run<Outcome extends { readonly ok: boolean }>(
      request: IdempotentRequest<Outcome>,
    ): Promise<Outcome> {
      const at = now();
      const known = recall(request.key, at);
      if (known === undefined) {
        const entry: Entry = { fingerprint: request.fingerprint, requestedAt: at };
        remember(request.key, entry);
        const running = runFirst(entry, request);
        entry.running = running;
        return running;
      }
      if (known.fingerprint !== request.fingerprint) return request.refuse();
      // Equal fingerprints are equal requests, so what runs answers with this request's type.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return (known.running as Promise<Outcome> | undefined) ?? request.answerRepeat(known.requestedAt);
    },
  };
}
