// A route that answers with server-sent events, as data: what serves it and what documents it read the same object.
import type { z } from "zod";
import type { ContractFailure } from "../errors.ts";
import type { RequestContext } from "../ports.ts";
import { readInput } from "../problems.ts";
import type { OrderStreams } from "../procedures.ts";
import { success, type Result } from "../result.ts";
import type { Stream, StreamRequest } from "../streams.ts";
import type { RouteDocument } from "./route.ts";

type Opening = Promise<Result<Stream<{ readonly kind: string }>, ContractFailure>>;

export interface StreamRoute extends RouteDocument {
  readonly answerType: "text/event-stream";
  /** Of the JSON in each event's `data`. */
  readonly eventSchema: z.ZodType;
  /** Validates what came over the wire, and says how to open it. */
  readonly prepare: (wire: unknown) => Result<PreparedStream, ContractFailure>;
}

type PreparedStream = (streams: OrderStreams, request: StreamRequest, context: RequestContext) => Opening;

interface StreamDefinition<Sent, Wire> extends Omit<
  StreamRoute,
  "request" | "answerType" | "prepare" | "method" | "from" | "status" | "takesIdempotencyKey"
> {
  readonly request: z.ZodType<Wire, Sent>;
  readonly open: (wire: NoInfer<Wire>) => PreparedStream;
}

export function defineStream<Sent, Wire>(definition: StreamDefinition<Sent, Wire>): StreamRoute {
  const { open, ...document } = definition;
  return {
    ...document,
    method: "GET",
    from: "query",
    status: 200,
    takesIdempotencyKey: false,
    answerType: "text/event-stream",
    prepare(wire) {
      const read = readInput(definition.request, wire, "query");
      return read.ok ? success(open(read.value)) : read;
    },
  };
}
