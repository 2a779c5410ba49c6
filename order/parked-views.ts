// The events that wait, for operators: what failed, why, when it is tried again and what waits behind it; and two orders
// about them, written to the store for whichever instance consumes the partition.
import { invalidRequest, parkedNotFound, waitingNotFound } from "../contract/errors.ts";
import type { ParkedEvent } from "../contract/parked.ts";
import type { ParkedViews } from "../contract/ports.ts";
import { failed, success } from "../contract/result.ts";
import { readBoundedPage } from "./bounded-page.ts";
import { opaquePlace, readOpaquePlace } from "./opaque-text.ts";
import type { OrderStore } from "./store/order-store.ts";
import type { ParkedId, ParkedRecord } from "./store/parked-records.ts";
import { eventOf, instantOf, tellAttempts, toldBytes } from "./told-failure.ts";
import { whileStoreAnswers, whileStoreWrites } from "./while-store-answers.ts";

export interface ParkedViewsOptions {
  readonly store: Pick<OrderStore, "listParked" | "retryNow" | "orderDeath">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Hears of each order that was written, so that a worker of this process need not wait for its next look. Must not throw. */
  readonly onOrdered: (id: ParkedId) => void;
}

export function createParkedViews({ store, now, onOrdered }: ParkedViewsOptions): ParkedViews {
  return {
    list: ({ limit, cursor, orderId }) =>
      whileStoreAnswers(async () => {
        const start = cursor === undefined ? undefined : readParkedId(cursor);
        if (cursor !== undefined && start === undefined) {
          return failed(invalidRequest(["Field 'cursor' is not one of ours"]));
        }
        const { rows, continuesAfter } = await readBoundedPage(
          limit,
          (count, last: ParkedRecord | undefined) => {
            const after = last === undefined ? start : { source: last.source, offset: last.offset };
            return store.listParked({
              limit: count,
              ...(after === undefined ? {} : { after }),
              ...(orderId === undefined ? {} : { orderId }),
            });
          },
          ({ original, event }) => toldBytes(original, event),
        );
        const page = { parked: rows.map(toParkedEvent) };
        return success(
          continuesAfter === undefined ? page : { ...page, nextCursor: parkedIdText(continuesAfter) },
        );
      }),

    retryNow: (id) =>
      whileStoreWrites(async () => {
        const parked = readParkedId(id);
        if (parked === undefined) return failed(notAnId);
        if (!(await store.retryNow(parked, now()))) return failed(waitingNotFound);
        onOrdered(parked);
        return success({ id });
      }),

    deadLetterNow: (id) =>
      whileStoreWrites(async () => {
        const parked = readParkedId(id);
        if (parked === undefined) return failed(notAnId);
        if (!(await store.orderDeath(parked))) return failed(parkedNotFound);
        onOrdered(parked);
        return success({ id });
      }),
  };
}

const notAnId = invalidRequest(["Field 'id' is not the id of a parked event"]);

function parkedIdText({ source, offset }: ParkedId): string {
  return opaquePlace({ prefix: source, number: offset });
}

function readParkedId(text: string): ParkedId | undefined {
  const place = readOpaquePlace(text);
  // A source is topic/partition; PostgreSQL refuses a NUL in a text, as if the store were broken.
  if (place === undefined || !sourcePattern.test(place.prefix)) return undefined;
  return { source: place.prefix, offset: place.number };
}

const sourcePattern = /^[A-Za-z0-9._-]{1,249}\/[0-9]{1,10}(@[A-Za-z0-9-]{1,36})?$/;

function toParkedEvent(record: ParkedRecord): ParkedEvent {
  const { original, event, attempts, dueAtMs, death } = record;
  return {
    id: parkedIdText(record),
    orderId: record.lane,
    state: record.state,
    eventType: event.eventType,
    event: eventOf(event) ?? null,
    topic: original.topic,
    partition: original.partition,
    offset: original.offset,
    consumerGroup: record.groupId,
    attempts: attempts.at(-1)?.attempt ?? 0,
    failures: tellAttempts(attempts),
    dueAt: dueAtMs === null ? null : instantOf(dueAtMs),
    reason: death?.reason ?? null,
  };
}
