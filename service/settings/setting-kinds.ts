// Kinds of values that settings have. Each fault is a clause that goes on behind the variable's name.
import { z } from "zod";
import { readIsoDurationMs } from "../iso-duration.ts";

export const port = (fallback: number) => z.coerce.number().int().min(0).max(65535).default(fallback);
export const count = (fallback: number, max: number, min = 0) =>
  z.coerce.number().int().min(min).max(max).default(fallback);
export const topicName = z
  .string()
  .regex(/^[a-zA-Z0-9._-]{1,249}$/, "must be a Kafka topic name: 1 to 249 of a-z A-Z 0-9 . _ -");
export const topic = (fallback: string) => topicName.default(fallback);
export const duration = (fallback: string, max: string) =>
  z
    .string()
    .transform((text, context) => {
      const ms = readIsoDurationMs(text);
      if (ms !== undefined && ms >= 1 && ms <= (readIsoDurationMs(max) ?? 0)) return ms;
      context.addIssue(`must be an ISO 8601 duration such as ${fallback}, at most ${max}`);
      return z.NEVER;
    })
    .prefault(fallback);
export const url = (protocols: string[]) =>
  z.string().refine((text) => protocols.some((protocol) => text.startsWith(protocol)), {
    error: `must start with ${protocols.join(" or ")}`,
  });
