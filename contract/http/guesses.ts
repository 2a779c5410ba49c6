// Keys that are not known: told so, and slowed down. A key has 256 random bits, so nobody guesses one; this keeps the noise bounded.
import type { ContractFailure } from "../errors.ts";
import type { Guards } from "./guards.ts";
import { createRateLimiter, type Allowance, type RateLimiter } from "./rate-limiter.ts";

/** Wrong keys that one address may send before it is told to wait; a key that is right is never kept out. */
const wrongKeysPerMinute = 60;

export function createGuessLimiter({ nowMs }: Pick<Guards, "nowMs">): RateLimiter {
  return createRateLimiter({ quota: wrongKeysPerMinute, windowSeconds: 60, nowMs });
}

export const unknownKey: ContractFailure = {
  code: "unauthenticated",
  message:
    "This key is not known here: check that it is whole, meant for this service, and was not taken back; whoever runs the service makes another with 'bun run keys'",
};

export function tooManyGuesses({ retryAfterSeconds }: Allowance): ContractFailure {
  const message = "Too many wrong keys came from this address: wait, and check the key";
  return { code: "too_many_requests", message, retryAfterSeconds };
}
