// How an instance of order runs, and what it does on purpose for tests.
import { z } from "zod";
import { count } from "./setting-kinds.ts";

/** Places between two steps of order's work whose order is a promise. */
export const crashPoints = [
  "after-poll",
  "before-store-commit",
  "after-draft",
  "after-store-commit",
  "before-dlq-ack",
  "after-dlq-ack",
  "before-offset-commit",
  "saga-before-save",
  "saga-between-halves",
  "saga-after-save",
  "saga-after-publish",
] as const;

export const orderSettings = {
  STALL_AFTER_MS: count(30_000, 3_600_000, 1000).describe(
    "How long a partition with records may stand still before it is reported, and may be skipped by order",
  ),
  ORDER_INSTANCE_ID: z
    .string()
    .max(200)
    .optional()
    .describe(
      "Name under which this order instance keeps its partitions over a restart; must differ between instances. Default: host name and port",
    ),
  CONSOLE_ENVIRONMENT: z
    .string()
    .max(40)
    .optional()
    .describe(
      "Name that the console shows on every screen, `production` in red. Default: the host in the browser's address",
    ),
  SIMULATED_FAILURES: z
    .enum(["on", "off"])
    .optional()
    .describe(
      "Whether orders whose id starts with `TEST-FAIL` fail on purpose. Default: `on` with the embedded parts only",
    ),
  CRASH_AT: z
    .enum(crashPoints)
    .optional()
    .describe("For fault tests: order kills itself the first time it comes to this point"),
};
