// System C's orders, the newest page first: a page is the same whenever it is read, new orders come at the end.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { sagaPath } from "../../model/screens.ts";
import { counted, countText, spanText } from "../../model/time-text.ts";
import { orderClient } from "../data/order-client.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { useHotkeys } from "../frame/hotkeys.ts";
import { Link, useParameter } from "../frame/router.tsx";
import { Badge, type Mood } from "../parts/badge.tsx";
import { Loading, TroubleNotice, unread } from "../parts/notice.tsx";
import { useRowCursor } from "../parts/row-cursor.ts";
import { Short } from "../parts/text.tsx";
import { Age, Instant } from "../parts/time.tsx";

const pageSize = 50;

export function SagaTable() {
  const [typed, setPage] = useParameter("page");
  const asked = /^[0-9]{1,7}$/.test(typed) ? Number(typed) : undefined;
  const sagas = useQuery({
    queryKey: ["sagas", asked],
    queryFn: async ({ signal }) => {
      const first = await orderClient.sagas.list.query({ pageNo: asked ?? 0, pageSize }, { signal });
      const last = Math.max(0, Math.ceil(first.total / pageSize) - 1);
      if (asked !== undefined || last === 0) return { ...first, page: asked ?? 0, last };
      return {
        ...(await orderClient.sagas.list.query({ pageNo: last, pageSize }, { signal })),
        page: last,
        last,
      };
    },
    refetchInterval: 3000,
    placeholderData: keepPreviousData,
  });
  const { data } = sagas;
  const orders = data?.orders.toReversed() ?? [];
  const area = useRef<HTMLTableElement>(null);
  const cursor = useRowCursor(area, orders.length);
  useHotkeys("Orders of system C", [
    { keys: "j", about: "next row", run: () => cursor.move(1) },
    { keys: "k", about: "row before", run: () => cursor.move(-1) },
    { keys: "Enter", about: "open this order" },
  ]);
  return (
    <>
      <div className="list-line" role="status">
        <span>
          {data === undefined
            ? unread(sagas.isError)
            : `${counted(data.total, "order")}${data.last > 0 ? `, page ${countText(data.page + 1)} of ${countText(data.last + 1)}` : ""}`}
        </span>
        <span className="pager">
          <button
            type="button"
            disabled={data === undefined || data.page >= data.last}
            onClick={() => setPage(String((data?.page ?? 0) + 1))}
          >
            Newer
          </button>
          <button
            type="button"
            disabled={data === undefined || data.page === 0}
            onClick={() => setPage(String(Math.max(0, (data?.page ?? 0) - 1)))}
          >
            Older
          </button>
          <Age readAtMs={sagas.dataUpdatedAt} />
        </span>
      </div>
      {sagas.isPending && <Loading rows={5} what="the orders" />}
      {sagas.isError && (
        <TroubleNotice
          title={data === undefined ? "The orders could not be read" : "The orders could not be read again"}
          trouble={troubleOfQuestion(sagas.error)}
          onAgain={() => void sagas.refetch()}
        />
      )}
      {orders.length > 0 && (
        <div className="table-scroll">
          <table className="table rows sagas" ref={area}>
            <thead>
              <tr>
                <th scope="col">Order</th>
                <th scope="col">Customer</th>
                <th scope="col">Status</th>
                <th scope="col">Rejected by</th>
                <th scope="col" className="number">
                  Lines
                </th>
                <th scope="col">Placed</th>
                <th scope="col">Settled after</th>
              </tr>
            </thead>
            <tbody>
              {orders.map(({ orderId, customerId, status, source, items, placedAt, settledAt }, index) => (
                <tr key={orderId} data-row={index}>
                  <td className="strong" data-name="Order">
                    <Link href={sagaPath(orderId)} data-open>
                      {orderId}
                    </Link>
                  </td>
                  <td data-name="Customer">
                    <span>
                      <Short text={customerId} length={60} />
                    </span>
                  </td>
                  <td data-name="Status">
                    <StatusBadge status={status} />
                  </td>
                  <td data-name="Rejected by">
                    {source === null ? (
                      <span className="absent">–</span>
                    ) : (
                      <Short text={source} length={40} />
                    )}
                  </td>
                  <td className="number" data-name="Lines">
                    {items.length}
                  </td>
                  <td data-name="Placed">
                    <Instant iso={placedAt} />
                  </td>
                  <td data-name="Settled after">
                    {settledAt === null ? (
                      <span className="absent">not yet</span>
                    ) : (
                      spanText(Date.parse(settledAt) - Date.parse(placedAt))
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

const moods: Readonly<Record<string, Mood>> = { CONFIRMED: "ok", ROLLBACK: "warn", REJECTED: "bad" };

export function StatusBadge({ status }: { readonly status: string }) {
  return <Badge mood={moods[status] ?? "none"} word={status} />;
}
