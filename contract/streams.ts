// Streams of events that can be taken up again: each has an id, and who comes back with the last one is told what came since,
// or how much of it is gone. A service that stops says so, and its clients come back by themselves.
import { tracked } from "@trpc/server";
import type { ContractFailure } from "./errors.ts";
import type { RequestContext } from "./ports.ts";
import type { Result } from "./result.ts";
import { rpcErrorOf } from "./rpc-errors.ts";

export interface Told<Event> {
  /** Short, visible ASCII. */
  readonly id: string;
  readonly event: Event;
}

export interface StreamRequest {
  /** Where it is taken up again; undefined for a new reader. An id of another life counts as one that is too old. */
  readonly lastEventId: string | undefined;
  /** When nobody listens any more. */
  readonly signal: AbortSignal;
}

/** Ends when `signal` aborts or when the service stops. Keeps nothing for its reader beyond what all readers share. */
export type Stream<Event> = AsyncGenerator<Told<Event>, void>;

/** Opens a stream, or says why not. Nothing is held before the first event is asked for. */
export type OpenStream<Input, Event> = (
  input: Input,
  request: StreamRequest,
  context: RequestContext,
) => Promise<Result<Stream<Event>, ContractFailure>>;

export const stopping: ContractFailure = { code: "unavailable", message: "The service is stopping." };

/** A subscription of tRPC over it. What ends without its reader's wish ends with an error after which clients reconnect. */
export async function* subscription<Event>(
  opened: Promise<Result<Stream<Event>, ContractFailure>>,
  signal: AbortSignal | undefined,
) {
  const stream = await opened;
  if (!stream.ok) throw rpcErrorOf(stream.failure);
  for await (const { id, event } of stream.value) yield tracked(id, event);
  if (signal?.aborted !== true) throw rpcErrorOf(stopping);
}
