// A collector for tests: otlp_receiver.py as a process, and the spans that it was sent.
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { z } from "zod";

const place = z.object({ traceId: z.string(), spanId: z.string() });
const spanSchema = place.extend({
  service: z.string(),
  name: z.string(),
  kind: z.string(),
  parentId: z.string(),
  links: z.array(place),
  attributes: z.record(z.string(), z.string()),
  error: z.string(),
  durationMs: z.number(),
});
export type ReceivedSpan = z.infer<typeof spanSchema>;

export interface OtlpReceiver {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  close(): Promise<void>;
}

export async function openOtlpReceiver(python: string): Promise<OtlpReceiver> {
  const script = new URL("./otlp_receiver.py", import.meta.url).pathname;
  const child = Bun.spawn([python, script], { stdout: "pipe", stderr: "inherit" });
  const spans: ReceivedSpan[] = [];
  const port = Promise.withResolvers<string>();
  let first = true;
  // As web streams both are the same; Node's types and the DOM's differ.
  const lines = createInterface({ input: Readable.from(child.stdout) });
  lines.on("line", (line) => {
    if (first) port.resolve(line);
    else spans.push(spanSchema.parse(JSON.parse(line)));
    first = false;
  });
  lines.on("close", () => port.reject(new Error("the receiver ended before it listened")));
  return {
    url: `http://127.0.0.1:${await port.promise}`,
    spans,
    async close() {
      child.kill();
      await child.exited;
    },
  };
}
