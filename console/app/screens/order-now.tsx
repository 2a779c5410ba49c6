// What order knows of an order at this moment, beside what failed.
import { useQuery } from "@tanstack/react-query";
import { orderIdSchema } from "../../../contract/models.ts";
import { orderPath } from "../../model/screens.ts";
import { orderClient } from "../data/order-client.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { Link } from "../frame/router.tsx";
import { Facts } from "../parts/facts.tsx";
import { Loading, TroubleNotice } from "../parts/notice.tsx";
import { Panel } from "../parts/panel.tsx";
import { Short } from "../parts/text.tsx";
import { Age, Instant } from "../parts/time.tsx";

const everyMs = 5000;

export function useOrder(orderId: string) {
  return useQuery({
    queryKey: ["order", orderId],
    enabled: isOrderId(orderId),
    queryFn: ({ signal }) => orderClient.orders.details.query({ orderId }, { signal }),
    refetchInterval: everyMs,
  });
}

/** A key of a record may be anything; not all of it can be an order's id. */
export function isOrderId(text: string): boolean {
  const read = orderIdSchema.safeParse(text);
  return read.success && read.data === text;
}

export function OrderNow({ orderId }: { readonly orderId: string | null }) {
  const id = orderId ?? "";
  const order = useOrder(id);
  const trouble = order.isError && order.data === undefined ? troubleOfQuestion(order.error) : undefined;
  const readAtMs = Math.max(order.dataUpdatedAt, trouble?.notFound === true ? order.errorUpdatedAt : 0);
  return (
    <Panel title="The order now" aside={isOrderId(id) ? <Age readAtMs={readAtMs} /> : undefined}>
      {!isOrderId(id) && (
        <p className="panel-text">The record&rsquo;s key is no order id, so there is no order to show.</p>
      )}
      {isOrderId(id) && order.isPending && <Loading rows={2} what="the order" />}
      {trouble?.notFound === true && <p className="panel-text">No order with this id is stored.</p>}
      {trouble?.notFound === false && (
        <TroubleNotice
          title="The order could not be read"
          trouble={trouble}
          onAgain={() => void order.refetch()}
        />
      )}
      {order.data !== undefined && (
        <Facts
          facts={[
            {
              name: "Order",
              value: (
                <Link href={orderPath(id)}>
                  <Short text={id} />
                </Link>
              ),
            },
            {
              name: "Status",
              value: (
                <strong>
                  <Short text={order.data.status} />
                </strong>
              ),
            },
            { name: "Total", value: `${order.data.totalAmount.toFixed(2)} ${order.data.currency}` },
            { name: "Ordered", value: <Instant iso={order.data.orderDate} full /> },
          ]}
        />
      )}
    </Panel>
  );
}
