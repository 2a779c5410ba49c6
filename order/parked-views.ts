// The events that wait, for operators: what failed, why, when it is tried again and what waits behind it; and two orders
// about them, written to the audit and then to the store for whichever instance consumes the partition.
import { actorOf } from "../contract/access.ts";
import { type ContractFailure, invalidRequest, parkedNotFound, waitingNotFound } from "../contract/errors.ts";
import type { ParkedEvent, ParkedTarget } from "../contract/parked.ts";
import type { ParkedViews, RequestContext } from "../contract/ports.ts";
import { failed, type Result, success } from "../contract/result.ts";
import { readBoundedPage } from "./bounded-page.ts";
import { opaquePlace, readOpaquePlace } from "./opaque-text.ts";
import type { Audit, AuditTarget } from "./store/audit.ts";
import type { OrderStore } from "./store/order-store.ts";
import type { ParkedId, ParkedRecord } from "./store/parked-records.ts";
import { eventOf, instantOf, tellAttempts, toldBytes } from "./told-failure.ts";
import { whileStoreAnswers, whileStoreWrites } from "./while-store-answers.ts";

export interface ParkedViewsOptions {
  readonly store: Pick<OrderStore, "listParked" | "retryNow" | "orderDeath">;
  readonly audit: Pick<Audit, "append" | "conclude">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Hears of each order that was written, so that a worker of this process need not wait for its next look. Must not throw. */
  readonly onOrdered: (id: ParkedId) => void;
}

interface ParkedOrder {
  readonly action: "parked.retryNow" | "parked.deadLetterNow";
  readonly write: (id: ParkedId) => Promise<boolean>;
  /** The audit's sentence for an order that was written. */
  readonly written: string;
  readonly notFound: ContractFailure;
}

export function createParkedViews({ store, audit, now, onOrdered }: ParkedViewsOptions): ParkedViews {
  function carryOut(
    id: string,
    context: RequestContext,
    { action, write, written, notFound }: ParkedOrder,
  ): Promise<Result<ParkedTarget, ContractFailure>> {
    return whileStoreWrites(async () => {
      const parked = readParkedId(id);
      if (parked === undefined) return failed(notAnId);
      const target = targetOf(parked);
      // Nobody is asked why: one event is tried or given up by a click.
      const reason = "by hand";
      const auditId = await audit.append({ atMs: now(), action, actor: actorOf(context), target, reason });
      const isWritten = await write(parked);
      if (isWritten) onOrdered(parked);
      await audit.conclude(auditId, {
        atMs: now(),
        result: isWritten ? written : "Nothing was done: no such event waits",
      });
      return isWritten ? success({ id }) : failed(notFound);
    });
  }

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

    retryNow: (id, context) =>
      carryOut(id, context, {
        action: "parked.retryNow",
        write: (parked) => store.retryNow(parked, now()),
        written: "Due now",
        notFound: waitingNotFound,
      }),

    deadLetterNow: (id, context) =>
      carryOut(id, context, {
        action: "parked.deadLetterNow",
        write: (parked) => store.orderDeath(parked),
        written: "Dead-lettered by whoever consumes its partition",
        notFound: parkedNotFound,
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

/** In the words of `partitions.skip`; the embedded cluster's life, which a source may carry, means nothing to people. */
function targetOf({ source, offset }: ParkedId): AuditTarget {
  const [topic = "", rest = ""] = source.split("/");
  return { topic, partition: Number.parseInt(rest, 10), offset };
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
