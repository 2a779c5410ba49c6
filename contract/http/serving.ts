// Options of both HTTP applications and the defaults they stand on.
import { defaultDeadlineMs, wallTimer, type Conditions, type Timer } from "../perform.ts";
import { maxBodyBytes } from "../protocol.ts";
import type { Guards } from "./guards.ts";

/** Hears what is served. What it does must be cheap and must not throw. */
export interface ServingObserver {
  /** A request has come; `route` is a template, or `other`; `traceparent` is the client's, if any and well-formed. */
  onRequest(method: string, route: string, traceparent: string | undefined): ObservedRequest;
  /** A procedure has ended, whatever protocol called it. `code` is `ok` or a row of the error table. */
  onCall(procedure: string, code: string, durationMs: number): void;
}

export interface ObservedRequest {
  /** What the request causes belongs to this span instead of the client's. */
  readonly traceparent?: string;
  /** Told once. */
  end(status: number, durationMs: number): void;
}

export interface ServingOptions {
  /** Hears every exception with the id its client was told; must not throw. */
  readonly onSurprise: (error: unknown, requestId: string) => void;
  /** Default 8000: a request is answered before Bun closes an idle stream at 10 s. */
  readonly deadlineMs?: number;
  /** Default 65536. */
  readonly maxBodyBytes?: number;
  /** Default: the platform's timers. */
  readonly timer?: Timer;
  /** Aborts when the service stops taking requests: streams end then, and their clients come back elsewhere. */
  readonly closing?: AbortSignal;
  /** Of the product, for the OpenAPI document. Default `0.0.0`. */
  readonly version?: string;
  /** Who is let in. Default: whoever calls; a service that listens has some. */
  readonly guards?: Guards;
  /** The OpenAPI document as a page for people, below `/docs`; it answers every method. */
  readonly reference?: (request: Request) => Promise<Response>;
  readonly observer?: ServingObserver;
  /** What monitors read at `/metrics`; without it there is no such path. */
  readonly metrics?: ServedText;
}

/** A page that is made anew each time it is asked for. */
export interface ServedText {
  readonly contentType: string;
  read(): Promise<string>;
}

export interface Serving extends Conditions, Pick<ServingOptions, "reference"> {
  readonly maxBodyBytes: number;
  readonly version: string;
  readonly guards: Guards | undefined;
  readonly observer: ServingObserver | undefined;
  readonly metrics: ServedText | undefined;
}

export function servingOf(options: ServingOptions): Serving {
  return {
    onSurprise: options.onSurprise,
    deadlineMs: options.deadlineMs ?? defaultDeadlineMs,
    maxBodyBytes: options.maxBodyBytes ?? maxBodyBytes,
    timer: options.timer ?? wallTimer,
    version: options.version ?? "0.0.0",
    guards: options.guards,
    ...(options.reference === undefined ? {} : { reference: options.reference }),
    closing: options.closing,
    observer: options.observer,
    metrics: options.metrics,
  };
}
