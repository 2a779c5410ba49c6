// Traces, by OpenTelemetry's own variables.
import { z } from "zod";
import { url } from "./setting-kinds.ts";

export const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: url(["http://", "https://"])
    .optional()
    .describe(
      "Collector for traces, OTLP over HTTP, such as `http://localhost:4318`; without it there are no traces",
    ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url(["http://", "https://"])
    .optional()
    .describe("The same with its whole path, in place of the one above"),
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .optional()
    .describe("Headers for the collector, `name=value,…`; may hold a secret"),
  OTEL_SERVICE_NAME: z
    .string()
    .max(100)
    .optional()
    .describe("Name of the services in traces, with `-cart` and `-order`. Default: `orderwire`"),
  OTEL_RESOURCE_ATTRIBUTES: z.string().optional().describe("More to tell with every span, `name=value,…`"),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe("Share of the traces that begin here and are kept, 0 to 1; others do as their beginning says"),
  OTEL_SDK_DISABLED: z
    .enum(["true", "false"])
    .default("false")
    .describe("`true`: no traces whatever else is set"),
  TRACE_URL: z
    .string()
    .regex(/^https?:\/\/\S*\{traceId\}\S*$/, "must be a URL with {traceId} in it")
    .optional()
    .describe("Where people see a trace, such as `https://tempo/trace/{traceId}`: dead letters link to it"),
};
