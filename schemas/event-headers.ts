// The Kafka headers that cart writes and order reads. Anyone may write to a topic, so a header is a claim: one that is
// oversized or not exactly in its form counts as absent, and can never fail a record.
//
// When a name repeats, the last one decides, as in Kafka's own lastHeader; if that one is invalid the answer is
// "absent", not an earlier one.

/** Structurally the kafka room's RecordHeader. */
type Header = readonly [name: string, value: Buffer | null];

export interface EventHeaders {
  /** UUID of the event, lower case. The same id is the same event, however often it is published. */
  readonly eventId?: string;
  /** W3C trace context, version 00. */
  readonly traceparent?: string;
}

export const eventIdHeader = "event-id";
export const traceparentHeader = "traceparent";

const eventIdLength = 36;
const traceparentLength = 55;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** `00-<trace id>-<span id>-<flags>`, where neither id may be all zeros. */
const traceContext = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** In the order event-id, traceparent. What is not in its form is left out: the client's traceparent is a claim too. */
export function eventHeaders({ eventId, traceparent }: EventHeaders): [name: string, value: Buffer][] {
  const headers: [string, Buffer][] = [];
  if (eventId !== undefined && uuid.test(eventId)) {
    headers.push([eventIdHeader, Buffer.from(eventId)]);
  }
  if (traceparent !== undefined && traceContext.test(traceparent)) {
    headers.push([traceparentHeader, Buffer.from(traceparent)]);
  }
  return headers;
}

/** Alone, because it is asked of every record. */
export function readEventId(headers: readonly Header[]): string | undefined {
  const eventId = lastText(headers, eventIdHeader, eventIdLength)?.toLowerCase();
  return eventId !== undefined && uuid.test(eventId) ? eventId : undefined;
}

export function readEventHeaders(headers: readonly Header[]): EventHeaders {
  const eventId = readEventId(headers);
  const traceparent = readTraceparent(headers);
  return {
    ...(eventId !== undefined ? { eventId } : {}),
    ...(traceparent !== undefined ? { traceparent } : {}),
  };
}

/** Whether the text is a W3C trace context, version 00. */
export function isTraceparent(text: string): boolean {
  return traceContext.test(text);
}

/** Undefined for an event without a trace. */
export function readTraceId(headers: readonly Header[]): string | undefined {
  const traceparent = readTraceparent(headers);
  return traceparent === undefined ? undefined : traceIdOf(traceparent);
}

/** Of one that is in its form. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}

/** Alone, because it is asked of every record while traces are on. */
export function readTraceparent(headers: readonly Header[]): string | undefined {
  const traceparent = lastText(headers, traceparentHeader, traceparentLength);
  return traceparent !== undefined && traceContext.test(traceparent) ? traceparent : undefined;
}

/** The last header of that name, when it is of exactly that many bytes. */
function lastText(headers: readonly Header[], name: string, byteLength: number): string | undefined {
  for (let index = headers.length - 1; index >= 0; index -= 1) {
    const header = headers[index];
    if (header?.[0] !== name) continue;
    // An id beyond ASCII is of no form that is read; as UTF-8 it is cheapest to look at.
    return header[1]?.length === byteLength ? header[1].toString("utf8") : undefined;
  }
  return undefined;
}
