// Names and bounds that both ends of the HTTP protocol must agree on.

export const requestIdHeader = "X-Request-Id";
export const idempotencyKeyHeader = "Idempotency-Key";
/** With every 5xx: `none` or `unknown`, whether the request may have had its effect. */
export const outcomeHeader = "X-Outcome";

/** Calls in one tRPC batch. */
export const maxBatchCalls = 10;
export const maxBodyBytes = 64 * 1024;

/** 1 to 255 visible ASCII characters. */
export const idempotencyKeyPattern = /^[\u0021-\u007e]{1,255}$/;
