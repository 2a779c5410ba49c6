// Options of both HTTP applications and the defaults they stand on.
import { defaultDeadlineMs, wallTimer, type Conditions, type Timer } from "../perform.ts";
import { maxBodyBytes } from "../protocol.ts";

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
  /** The OpenAPI document as a page for people, below `/docs`; it answers every method. */
  readonly reference?: (request: Request) => Promise<Response>;
}

export interface Serving extends Conditions, Pick<ServingOptions, "reference"> {
  readonly maxBodyBytes: number;
  readonly version: string;
}

export function servingOf(options: ServingOptions): Serving {
  return {
    onSurprise: options.onSurprise,
    deadlineMs: options.deadlineMs ?? defaultDeadlineMs,
    maxBodyBytes: options.maxBodyBytes ?? maxBodyBytes,
    timer: options.timer ?? wallTimer,
    version: options.version ?? "0.0.0",
    ...(options.reference === undefined ? {} : { reference: options.reference }),
  };
}
