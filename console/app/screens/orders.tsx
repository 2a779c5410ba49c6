// What order knows of an order: found by its id, or among all that are stored.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { orderPath } from "../../model/screens.ts";
import { counted, countText } from "../../model/time-text.ts";
import { useOrderCount } from "../data/live.ts";
import { orderClient } from "../data/order-client.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { useHotkeys } from "../frame/hotkeys.ts";
import { Link, useParameter } from "../frame/router.tsx";
import { FilterField } from "../parts/filter-field.tsx";
import { Loading, Notice, TroubleNotice } from "../parts/notice.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { useRowCursor } from "../parts/row-cursor.ts";
import { Short } from "../parts/text.tsx";
import { Age, Instant } from "../parts/time.tsx";
import { OneOrder } from "./one-order.tsx";

const pageLength = 200;

export function Orders() {
  const [orderId, setOrderId] = useParameter("id");
  useHotkeys("Orders", [
    { keys: "/", about: "find an order", run: () => document.getElementById("order-filter")?.focus() },
    ...(orderId === "" ? [] : [{ keys: "Escape", about: "all orders", run: () => setOrderId("") }]),
  ]);
  return (
    <>
      <PageHead
        title={orderId === "" ? "Orders" : `Order ${orderId}`}
        about="What the events that had their effect have made of each order."
      />
      <FilterField id="order-filter" label="Find an order by its id" value={orderId} onChange={setOrderId} />
      {orderId === "" ? <AllOrders /> : <OneOrder key={orderId} orderId={orderId} />}
    </>
  );
}

function AllOrders() {
  const orders = useInfiniteQuery({
    queryKey: ["orders"],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      orderClient.orders.list.query(
        { limit: pageLength, ...(pageParam === "" ? {} : { cursor: pageParam }) },
        { signal },
      ),
    getNextPageParam: (page) => page.nextCursor,
    staleTime: 10_000,
  });
  const count = useOrderCount();
  const rows = useMemo(() => orders.data?.pages.flatMap((page) => page.orders) ?? [], [orders.data]);
  const area = useRef<HTMLTableElement>(null);
  const cursor = useRowCursor(area, rows.length);
  useHotkeys("Rows", [
    { keys: "j", about: "next row", run: () => cursor.move(1) },
    { keys: "k", about: "row before", run: () => cursor.move(-1) },
    { keys: "Enter", about: "open this order" },
  ]);
  if (orders.data === undefined) {
    if (!orders.isError) return <Loading rows={10} what="the orders" />;
    return (
      <TroubleNotice
        title="The orders could not be read"
        trouble={troubleOfQuestion(orders.error)}
        onAgain={() => void orders.refetch()}
      />
    );
  }
  if (rows.length === 0) {
    return (
      <Notice kind="plain" icon="orders" title="No order is stored">
        <p>None has arrived yet. Each create event that has its effect is an order here.</p>
      </Notice>
    );
  }
  return (
    <>
      <p className="list-line" role="status">
        <span>
          {orders.hasNextPage
            ? `${countText(rows.length)} read${count.data === undefined ? "" : ` of ${countText(count.data)}`}, by id`
            : `${counted(rows.length, "order")}, by id`}
        </span>
        <Age readAtMs={orders.dataUpdatedAt} />
      </p>
      <div className="table-scroll">
        <table className="table rows orders" ref={area}>
          <thead>
            <tr>
              <th scope="col">Order</th>
              <th scope="col">Status</th>
              <th scope="col" className="number">
                Total
              </th>
              <th scope="col" className="number">
                Items
              </th>
              <th scope="col">Customer</th>
              <th scope="col">Ordered</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((order, index) => (
              <tr key={order.orderId} data-row={index}>
                <td className="strong" data-name="Order">
                  <Link href={orderPath(order.orderId)} data-open>
                    <Short text={order.orderId} length={80} />
                  </Link>
                </td>
                <td data-name="Status">
                  <Short text={order.status} length={40} />
                </td>
                <td className="number" data-name="Total">
                  {order.totalAmount.toFixed(2)} {order.currency}
                </td>
                <td className="number" data-name="Items">
                  {order.items.length}
                </td>
                <td data-name="Customer">
                  <Short text={order.customerId} length={40} />
                </td>
                <td data-name="Ordered">
                  <Instant iso={order.orderDate} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {orders.hasNextPage && (
        <button
          type="button"
          disabled={orders.isFetchingNextPage}
          onClick={() => void orders.fetchNextPage()}
        >
          {orders.isFetchingNextPage ? "Reading…" : "Read more"}
        </button>
      )}
    </>
  );
}
