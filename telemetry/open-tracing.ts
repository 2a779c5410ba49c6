// Traces are off unless a collector is configured, by OpenTelemetry's own variables; then, and only then, its packages are loaded.
import type { Settings } from "../service/settings.ts";
import type { Tracing } from "./tracing.ts";

type TraceSettings = Pick<
  Settings,
  | "OTEL_EXPORTER_OTLP_ENDPOINT"
  | "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
  | "OTEL_EXPORTER_OTLP_HEADERS"
  | "OTEL_SERVICE_NAME"
  | "OTEL_RESOURCE_ATTRIBUTES"
  | "OTEL_TRACES_SAMPLER_ARG"
  | "OTEL_SDK_DISABLED"
>;

/** Undefined when nobody wants traces. `service` is `cart` or `order`. */
export async function openTracing(settings: TraceSettings, service: string): Promise<Tracing | undefined> {
  const url = collectorUrl(settings);
  if (url === undefined) return undefined;
  const { createOtlpTracing } = await import("./otlp-tracing.ts");
  const { OTEL_SERVICE_NAME: name, OTEL_TRACES_SAMPLER_ARG: sampledShare } = settings;
  return createOtlpTracing({
    url,
    headers: readPairs(settings.OTEL_EXPORTER_OTLP_HEADERS ?? ""),
    attributes: {
      // One name for both would put them into one box of the collector's map.
      "service.name": `${name ?? "orderwire"}-${service}`,
      ...readPairs(settings.OTEL_RESOURCE_ATTRIBUTES ?? ""),
    },
    sampledShare,
  });
}

export function collectorUrl(settings: TraceSettings): string | undefined {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whole, OTEL_EXPORTER_OTLP_ENDPOINT: base } = settings;
  if (settings.OTEL_SDK_DISABLED === "true") return undefined;
  if (whole !== undefined) return whole;
  return base === undefined ? undefined : `${base.replace(/\/+$/, "")}/v1/traces`;
}

/** `name=value,…`, with values in percent-encoding, as OpenTelemetry writes them. */
export function readPairs(text: string): Record<string, string> {
  const pairs = text.split(",").flatMap((pair) => {
    const at = pair.indexOf("=");
    if (at <= 0) return [];
    return [[pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())] as const];
  });
  return Object.fromEntries(pairs);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
