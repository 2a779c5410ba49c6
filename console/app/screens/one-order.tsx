// One order: its state, and everything of it that failed or waits.
import { useQuery } from "@tanstack/react-query";
import { readOrderNumber } from "../../model/saga-order.ts";
import { pathOf, sagaPath, searchPath } from "../../model/screens.ts";
import { termText } from "../../model/search-syntax.ts";
import { counted } from "../../model/time-text.ts";
import { orderClient } from "../data/order-client.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { Link } from "../frame/router.tsx";
import { Badge } from "../parts/badge.tsx";
import { CopyButton } from "../parts/copy-button.tsx";
import { Facts } from "../parts/facts.tsx";
import { Loading, Notice, TroubleNotice } from "../parts/notice.tsx";
import { Panel } from "../parts/panel.tsx";
import { Short } from "../parts/text.tsx";
import { Age, Instant, Until } from "../parts/time.tsx";
import { isOrderId, useOrder } from "./order-now.tsx";
import { useParked } from "./waiting.tsx";

export function OneOrder({ orderId }: { readonly orderId: string }) {
  if (!isOrderId(orderId)) {
    return (
      <Notice kind="plain" icon="search" title="This cannot be an order id">
        <p>An id has 1 to 128 characters, no control characters, and no space at either end.</p>
      </Notice>
    );
  }
  return (
    <div className="message-columns">
      <div>
        <OrderState orderId={orderId} />
      </div>
      <div>
        <FailedEvents orderId={orderId} />
        <WaitingEvents orderId={orderId} />
      </div>
    </div>
  );
}

function OrderState({ orderId }: { readonly orderId: string }) {
  const order = useOrder(orderId);
  const { data } = order;
  const sagaOrder = readOrderNumber(orderId);
  const trouble = order.isError ? troubleOfQuestion(order.error) : undefined;
  if (data === undefined) {
    return (
      <Panel title="State">
        {trouble === undefined && <Loading rows={6} what="the order" />}
        {trouble?.notFound === true && (
          <Notice kind="plain" icon="search" title="No order with this id is stored">
            <p>No create event of it has had its effect. What failed or waits of it stands beside.</p>
            {sagaOrder !== undefined && (
              <p>
                System C numbers its orders: <Link href={sagaPath(sagaOrder)}>its order {sagaOrder}</Link>
              </p>
            )}
          </Notice>
        )}
        {trouble?.notFound === false && (
          <TroubleNotice
            title="The order could not be read"
            trouble={trouble}
            onAgain={() => void order.refetch()}
          />
        )}
      </Panel>
    );
  }
  const money = (amount: number) => `${amount.toFixed(2)} ${data.currency}`;
  return (
    <Panel title="State" aside={<Age readAtMs={order.dataUpdatedAt} />}>
      <Facts
        facts={[
          {
            name: "Order",
            value: (
              <>
                <Short text={data.orderId} length={128} /> <CopyButton text={data.orderId} what="order id" />
              </>
            ),
          },
          {
            name: "Status",
            value: (
              <strong>
                <Short text={data.status} />
              </strong>
            ),
          },
          { name: "Customer", value: <Short text={data.customerId} /> },
          { name: "Ordered", value: <Instant iso={data.orderDate} full /> },
          { name: "Total", value: money(data.totalAmount) },
          { name: "Shipping", value: money(data.shippingCost) },
        ]}
      />
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Item</th>
            <th scope="col" className="number">
              Quantity
            </th>
            <th scope="col" className="number">
              Price
            </th>
          </tr>
        </thead>
        <tbody>
          {data.items.map(({ itemId, quantity, price }, index) => (
            <tr key={index}>
              <td>
                <Short text={itemId} />
              </td>
              <td className="number">{quantity}</td>
              <td className="number">{money(price)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

const shownLetters = 20;

function FailedEvents({ orderId }: { readonly orderId: string }) {
  const letters = useQuery({
    queryKey: ["letters-of", orderId],
    queryFn: ({ signal }) => orderClient.dlq.list.query({ orderId, limit: shownLetters }, { signal }),
    refetchInterval: 5000,
  });
  const { data } = letters;
  return (
    <Panel title="Failed for good" aside={<Age readAtMs={letters.dataUpdatedAt} />}>
      {data === undefined && !letters.isError && <Loading rows={2} what="its dead letters" />}
      {data === undefined && letters.isError && (
        <TroubleNotice
          title="Its dead letters could not be read"
          trouble={troubleOfQuestion(letters.error)}
        />
      )}
      {data?.deadLetters.length === 0 && <p className="panel-text">Nothing of this order failed.</p>}
      <ul className="linked-list">
        {data?.deadLetters.map((letter) => (
          <li key={letter.id}>
            <Link href={pathOf({ screen: "message", id: letter.id })}>{letter.id}</Link>{" "}
            <code>
              <Short text={letter.reason} />
            </code>{" "}
            <Instant iso={letter.lastFailureAt} />
          </li>
        ))}
      </ul>
      {data?.nextCursor !== undefined && (
        <Link href={searchPath(termText("order", orderId))}>All of them</Link>
      )}
    </Panel>
  );
}

function WaitingEvents({ orderId }: { readonly orderId: string }) {
  const parked = useParked(orderId);
  const events = parked.data?.pages.flatMap((page) => page.parked) ?? [];
  return (
    <Panel title="Waiting" aside={<Age readAtMs={parked.dataUpdatedAt} />}>
      {parked.isPending && <Loading rows={1} what="what waits of it" />}
      {parked.data === undefined && parked.isError && (
        <TroubleNotice title="What waits of it could not be read" trouble={troubleOfQuestion(parked.error)} />
      )}
      {parked.data !== undefined && events.length === 0 && (
        <p className="panel-text">Nothing of this order waits.</p>
      )}
      <ul className="linked-list">
        {events.slice(0, shownLetters).map((event) => (
          <li key={event.id}>
            <Badge mood={event.state === "waiting" ? "warn" : "none"} word={event.state} />{" "}
            {event.eventType ?? "undecodable"}, {counted(event.attempts, "attempt")}{" "}
            {event.dueAt !== null && <Until iso={event.dueAt} />}
          </li>
        ))}
      </ul>
      {events.length > 0 && (
        <Link href={`${pathOf({ screen: "waiting" })}?${new URLSearchParams({ order: orderId }).toString()}`}>
          See them under Waiting
        </Link>
      )}
    </Panel>
  );
}
