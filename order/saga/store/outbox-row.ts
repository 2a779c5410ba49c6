// Messages and outboxes as they lie in rows, in both dialects, and which outbox a message goes to.
import type { OutboxRow, OutboxState, OutgoingMessage, SagaSaveOutcome } from "./saga-store.ts";

/** A row of `saga_outbox` as both drivers answer it. */
export interface OutboxMessageRow {
  readonly seq: number;
  readonly order_id: number | null;
  readonly topic: string;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly headers: string;
  readonly created_at_ms: number;
}

/** A row of `saga_outboxes`. */
export interface OutboxStateRow {
  readonly next_seq: number;
  readonly published_seq: number;
  readonly ends: string;
}

export function toHeadersText(headers: OutgoingMessage["headers"]): string {
  return JSON.stringify(headers.map(([name, value]) => [name, value.toString("base64")]));
}

export function readOutboxMessage(row: OutboxMessageRow): OutboxRow {
  const headers: readonly (readonly [string, string])[] = JSON.parse(row.headers);
  return {
    seq: row.seq,
    orderId: row.order_id,
    topic: row.topic,
    key: toBuffer(row.key),
    value: toBuffer(row.value),
    headers: headers.map(([name, value]) => [name, Buffer.from(value, "base64")]),
    createdAtMs: row.created_at_ms,
  };
}

export function readOutboxState(id: string, row: OutboxStateRow): OutboxState {
  const ends: Readonly<Record<string, number>> = JSON.parse(row.ends);
  return { id, nextSeq: row.next_seq, publishedSeq: row.published_seq, ends };
}

/** What one outbox gets of a save. */
export interface Mail {
  readonly outbox: string;
  readonly messages: readonly OutgoingMessage[];
}

/**
 * `away`: the outbox that has an order's NEW and has not published it, of the orders that this is true for. By outbox, the
 * order in which every instance locks them.
 */
export function routeMessages(
  outbox: string,
  messages: readonly OutgoingMessage[],
  away: ReadonlyMap<number, string>,
): readonly Mail[] {
  const mails = new Map<string, OutgoingMessage[]>();
  for (const message of messages) {
    const to = (message.orderId === null ? undefined : away.get(message.orderId)) ?? outbox;
    const mail = mails.get(to);
    if (mail === undefined) mails.set(to, [message]);
    else mail.push(message);
  }
  return [...mails]
    .map(([outbox, messages]) => ({ outbox, messages }))
    .sort((left, right) => (left.outbox < right.outbox ? -1 : 1));
}

/** What a save answers when it is written; `away` as for `routeMessages`. */
export function savedOutcome(
  lastSeq: number | null,
  messages: readonly OutgoingMessage[],
  away: ReadonlyMap<number, string>,
): Extract<SagaSaveOutcome, { kind: "saved" }> {
  const written = new Set(messages.map(({ orderId }) => orderId));
  const elsewhere = [...away.keys()].filter((orderId) => written.has(orderId));
  return { kind: "saved", lastSeq, ...(elsewhere.length === 0 ? {} : { elsewhere }) };
}

export interface HomeRow {
  readonly order_id: number;
  readonly home_seq: number;
}

/** The places of the first messages of these orders, of a mail that begins at `firstSeq`. */
export function homesOf(mail: Mail, firstSeq: number, homeless: ReadonlySet<number>): readonly HomeRow[] {
  const homes = new Map<number, number>();
  mail.messages.forEach(({ orderId }, index) => {
    if (orderId !== null && homeless.has(orderId) && !homes.has(orderId)) {
      homes.set(orderId, firstSeq + index);
    }
  });
  return [...homes]
    .map(([order_id, home_seq]) => ({ order_id, home_seq }))
    .sort((left, right) => left.order_id - right.order_id);
}

/** The same bytes, not copied. SQLite's driver answers `Uint8Array`. */
function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
