// Spans as the rooms see them: begun with what is known of them, named in W3C's `traceparent`, ended once. Which trace a span belongs
// to is always an argument, never ambient, so a batch of records of a thousand traces is as easy as one request. Where
// no collector is configured there is no `Tracing` at all, and whoever would use it asks for nothing else than that.

export interface SpanStart {
  readonly name: string;
  readonly kind: "server" | "producer" | "consumer" | "internal";
  /** The span that it belongs to; without it a trace begins. */
  readonly parent?: string | undefined;
  /** Spans of other traces that it comes from. */
  readonly links?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}

export interface SpanEnd {
  readonly endedAtMs: number;
  /** A few words; present for a span that failed. */
  readonly error?: string | undefined;
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}

export interface OpenSpan {
  /** For what belongs to it, here and in other processes. */
  readonly traceparent: string;
  end(end: SpanEnd): void;
}

export interface Tracing {
  begin(start: SpanStart): OpenSpan;
  /** Sends what has not been sent, for a second or two at most. */
  close(): Promise<void>;
}

/** Whether whoever began the trace wants its spans. */
export function isSampled(traceparent: string): boolean {
  return (Number.parseInt(traceparent.slice(-1), 16) & 1) === 1;
}
