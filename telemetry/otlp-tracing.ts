// Spans to a collector, by OTLP over HTTP. Only loaded when a collector is configured. Spans are collected and sent in the
// background; a collector that is away loses spans and holds up nothing.
import { context, type Span, SpanKind, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import type { SpanStart, Tracing } from "./tracing.ts";

export interface OtlpOptions {
  /** Whole, with its path: `http://localhost:4318/v1/traces`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
  /** Of the traces that begin here; others do as their beginning says. */
  readonly sampledShare: number;
}

const exportTimeoutMs = 5000;
const closeTimeoutMs = 2000;
/** Spans that wait to be sent; more are dropped. */
const maxWaiting = 20_000;

export function createOtlpTracing({ url, headers, attributes, sampledShare }: OtlpOptions): Tracing {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ ...attributes }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampledShare) }),
    spanProcessors: [
      new BatchSpanProcessor(
        new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: exportTimeoutMs }),
        { maxQueueSize: maxWaiting, scheduledDelayMillis: 1000, exportTimeoutMillis: exportTimeoutMs },
      ),
    ],
  });
  const tracer = provider.getTracer("orderwire");

  return {
    begin({ name, kind, parent, links = [], startedAtMs, attributes: own = {} }) {
      const span = tracer.startSpan(
        name,
        {
          kind: kinds[kind],
          startTime: startedAtMs,
          attributes: own,
          links: links.map((link) => ({ context: spanContextOf(link) })),
        },
        parent === undefined
          ? context.active()
          : trace.setSpanContext(context.active(), spanContextOf(parent)),
      );
      return {
        traceparent: traceparentOf(span),
        end({ endedAtMs, error, attributes: more = {} }) {
          span.setAttributes(more);
          if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
          span.end(endedAtMs);
        },
      };
    },
    async close() {
      const deadline = Promise.withResolvers<void>();
      const timer = setTimeout(deadline.resolve, closeTimeoutMs);
      await Promise.race([provider.shutdown().catch(() => undefined), deadline.promise]);
      clearTimeout(timer);
    },
  };
}

const kinds: Readonly<Record<SpanStart["kind"], SpanKind>> = {
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
};

function spanContextOf(traceparent: string) {
  const [, traceId = "", spanId = "", flags = "00"] = traceparent.split("-");
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}
