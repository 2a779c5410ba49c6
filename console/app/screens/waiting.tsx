// Events that failed and wait: for their next attempt, behind another one, or for their dead letter to be taken.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import type { ParkedEvent } from "../data/told.ts";
import { counted } from "../../model/time-text.ts";
import { useHealth } from "../data/live.ts";
import { orderClient } from "../data/order-client.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { useHotkeys } from "../frame/hotkeys.ts";
import { useParameter } from "../frame/router.tsx";
import { FilterField } from "../parts/filter-field.tsx";
import { Loading, Notice, TroubleNotice, unread } from "../parts/notice.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { useRowCursor } from "../parts/row-cursor.ts";
import { Age } from "../parts/time.tsx";
import { ParkedActions, type ParkedOrder } from "./parked-actions.tsx";
import { ParkedRow } from "./parked-row.tsx";
import { isOrderId } from "./order-now.tsx";

const everyMs = 3000;
const pageLength = 100;

export function useParked(orderId: string) {
  return useInfiniteQuery({
    queryKey: ["parked", orderId],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      orderClient.parked.list.query(
        {
          limit: pageLength,
          ...(pageParam === "" ? {} : { cursor: pageParam }),
          ...(orderId === "" ? {} : { orderId }),
        },
        { signal },
      ),
    getNextPageParam: (page) => page.nextCursor,
    enabled: orderId === "" || isOrderId(orderId),
    refetchInterval: everyMs,
  });
}

export function Waiting() {
  const [orderId, setOrderId] = useParameter("order");
  const parked = useParked(orderId);
  const health = useHealth();
  const events = useMemo(() => parked.data?.pages.flatMap((page) => page.parked) ?? [], [parked.data]);
  const [ordering, setOrdering] = useState<ParkedOrder>();
  const [open, setOpen] = useState<string>();
  const area = useRef<HTMLTableElement>(null);
  const cursor = useRowCursor(area, events.length);
  const present = (): ParkedEvent | undefined => events[cursor.present()];
  const order = (what: ParkedOrder["what"]) => {
    const event = present();
    if (event !== undefined && (what === "dead-letter" || event.state === "waiting"))
      setOrdering({ what, event });
  };
  useHotkeys("Waiting", [
    { keys: "j", about: "next row", run: () => cursor.move(1) },
    { keys: "k", about: "row before", run: () => cursor.move(-1) },
    { keys: "Enter", about: "show or hide this row's event" },
    { keys: "t", about: "try this one now", run: () => order("retry") },
    { keys: "d", about: "dead-letter this one now (asks first)", run: () => order("dead-letter") },
    { keys: "/", about: "filter", run: () => document.getElementById("waiting-filter")?.focus() },
    ...(open === undefined
      ? []
      : [{ keys: "Escape", about: "hide the event", run: () => setOpen(undefined) }]),
  ]);
  const isAsked = orderId === "" || isOrderId(orderId);
  const all = health.data?.parked;
  const total = all === undefined || all === null ? undefined : all.waiting + all.behind + all.dead;
  return (
    <>
      <PageHead
        title="Waiting"
        about="Events that failed and will be tried again, and what must wait behind them because its order comes first."
      />
      <FilterField id="waiting-filter" label="Only of this order" value={orderId} onChange={setOrderId} />
      <p className="list-line" role="status">
        <span>
          {parked.data === undefined && isAsked ? unread(parked.isError) : counted(events.length, "event")}
          {parked.hasNextPage ? " read, more below" : ""}
        </span>
        <Age readAtMs={parked.dataUpdatedAt} />
      </p>
      {parked.isPending && parked.fetchStatus !== "idle" && <Loading rows={6} what="what is waiting" />}
      {parked.isError && (
        <TroubleNotice
          title={
            parked.data === undefined
              ? "What is waiting could not be read"
              : "What is waiting could not be read again"
          }
          trouble={troubleOfQuestion(parked.error)}
          onAgain={() => void parked.refetch()}
        />
      )}
      {parked.data !== undefined && events.length === 0 && orderId === "" && (
        <Notice kind="calm" icon="up" title="Nothing waits">
          <p>No event is between two attempts. What fails for good is under Messages.</p>
        </Notice>
      )}
      {orderId !== "" &&
        events.length === 0 &&
        !parked.isError &&
        (parked.data !== undefined || !isOrderId(orderId)) && (
          <Notice kind="plain" icon="search" title="Nothing of this order waits">
            <p>
              {isOrderId(orderId) ? "" : "What is typed cannot be an order id. "}
              {total === undefined ? "Others may." : `${counted(total, "event")} in all.`}{" "}
              <button type="button" className="quiet" onClick={() => setOrderId("")}>
                Show all
              </button>
            </p>
          </Notice>
        )}
      {events.length > 0 && (
        <div className="table-scroll">
          <table className="table rows waiting" ref={area}>
            <thead>
              <tr>
                <th scope="col">Order</th>
                <th scope="col">State</th>
                <th scope="col">Tried again</th>
                <th scope="col" className="number">
                  Attempts
                </th>
                <th scope="col">Last failure</th>
                <th scope="col">Record</th>
                <th scope="col">
                  <span className="unseen">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {events.map((event, index) => (
                <ParkedRow
                  key={event.id}
                  event={event}
                  index={index}
                  open={event.id === open}
                  onOpen={() => setOpen(event.id === open ? undefined : event.id)}
                  onOrder={(what) => setOrdering({ what, event })}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {parked.hasNextPage && (
        <button
          type="button"
          disabled={parked.isFetchingNextPage}
          onClick={() => void parked.fetchNextPage()}
        >
          {parked.isFetchingNextPage ? "Reading…" : "Read more"}
        </button>
      )}
      {ordering !== undefined && <ParkedActions ordering={ordering} onClose={() => setOrdering(undefined)} />}
    </>
  );
}
