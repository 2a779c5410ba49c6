// Options of both HTTP applications and the defaults they stand on.
import { defaultDeadlineMs, wallTimer, type Conditions, type Timer } from "../perform.ts";
import { maxBodyBytes } from "../protocol.ts";
import type { Guards } from "./guards.ts";

export interface ServingOptions {
  /** Hears every exception with the id its client was told; must not throw. */
  readonly onSurprise: (error: unknown, requestId: string) => void;
  /** Default 8000: a request is answered before Bun closes an idle stream at 10 s. */
  readonly deadlineMs?: number;
  /** Default 65536. */
  readonly maxBodyBytes?: number;
  /** Default: the platform's timers. */
  readonly timer?: Timer;
  /** Of the product, for the OpenAPI document. Default `0.0.0`. */
  readonly version?: string;
  /** Who is let in. Default: whoever calls; a service that listens has some. */
  readonly guards?: Guards;
}

export interface Serving extends Conditions {
  readonly maxBodyBytes: number;
  readonly version: string;
  readonly guards: Guards | undefined;
}

export function servingOf(options: ServingOptions): Serving {
  return {
    onSurprise: options.onSurprise,
    deadlineMs: options.deadlineMs ?? defaultDeadlineMs,
    maxBodyBytes: options.maxBodyBytes ?? maxBodyBytes,
    timer: options.timer ?? wallTimer,
    version: options.version ?? "0.0.0",
    guards: options.guards,
  };
}
