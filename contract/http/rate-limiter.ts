// A bucket of tokens for each caller: it holds a second's worth, is refilled all the time, and who finds it empty waits. Told as
// draft-ietf-httpapi-ratelimit-headers has it since its eighth version: `RateLimit-Policy` and `RateLimit`.

export interface RateLimiter {
  /** Takes `cost` tokens, or none when there are not as many. */
  take(who: string, cost?: number): Allowance;
  /** The `RateLimit-Policy` of every answer. */
  readonly policy: string;
}

export interface Allowance {
  readonly allowed: boolean;
  /** Requests that may follow at once. */
  readonly remaining: number;
  /** Seconds until the whole quota is there again. */
  readonly resetSeconds: number;
  /** Seconds until the same request is allowed; at least 1. */
  readonly retryAfterSeconds: number;
}

export interface RateLimiterOptions {
  readonly quota: number;
  readonly windowSeconds: number;
  /** Milliseconds of a clock that never goes back. */
  readonly nowMs: () => number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** More callers at once than this share the fate of the oldest: it starts anew. Bounds the memory. */
const maxBuckets = 10_000;

export function createRateLimiter({ quota, windowSeconds, nowMs }: RateLimiterOptions): RateLimiter {
  const buckets = new Map<string, Bucket>();
  const perMs = quota / (windowSeconds * 1000);

  function bucketOf(who: string): Bucket {
    const atMs = nowMs();
    const found = buckets.get(who);
    if (found !== undefined) {
      found.tokens = Math.min(quota, found.tokens + (atMs - found.atMs) * perMs);
      found.atMs = atMs;
      return found;
    }
    if (buckets.size >= maxBuckets) forgetSome(atMs);
    const made = { tokens: quota, atMs };
    buckets.set(who, made);
    return made;
  }

  /** A bucket that is full again says nothing. */
  function forgetSome(atMs: number): void {
    for (const [who, { tokens, atMs: lastMs }] of buckets) {
      if (tokens + (atMs - lastMs) * perMs >= quota) buckets.delete(who);
    }
    for (const who of buckets.keys()) {
      if (buckets.size < maxBuckets) break;
      buckets.delete(who);
    }
  }

  return {
    policy: `"default";q=${quota};w=${windowSeconds}`,
    take(who, cost = 1) {
      const bucket = bucketOf(who);
      const allowed = bucket.tokens >= cost;
      if (allowed) bucket.tokens -= cost;
      return {
        allowed,
        remaining: Math.floor(bucket.tokens),
        resetSeconds: Math.ceil((quota - bucket.tokens) / perMs / 1000),
        retryAfterSeconds: Math.max(1, Math.ceil((cost - bucket.tokens) / perMs / 1000)),
      };
    },
  };
}

/** `"default";r=49;t=1`: what is left, and in how many seconds all of it is there again. */
export function rateLimitField({ remaining, resetSeconds }: Allowance): string {
  return `"default";r=${remaining};t=${resetSeconds}`;
}
