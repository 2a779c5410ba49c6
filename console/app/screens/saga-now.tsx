// What became of one of system C's orders at this moment, beside a decision about it that failed.
import { useQuery } from "@tanstack/react-query";
import { sagaPath } from "../../model/screens.ts";
import { orderClient } from "../data/order-client.ts";
import type { SagaDetails } from "../data/told.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { Link } from "../frame/router.tsx";
import { Facts } from "../parts/facts.tsx";
import { Loading, TroubleNotice } from "../parts/notice.tsx";
import { Panel } from "../parts/panel.tsx";
import { Age } from "../parts/time.tsx";
import { StatusBadge } from "./saga-table.tsx";

const everyMs = 5000;

export function useSaga(orderId: number | undefined, refetchInterval: number | false) {
  return useQuery({
    queryKey: ["saga", orderId],
    enabled: orderId !== undefined,
    queryFn: ({ signal }) => orderClient.sagas.get.query({ orderId: orderId ?? 1 }, { signal }),
    refetchInterval,
  });
}

export function SagaNow({ orderId }: { readonly orderId: number }) {
  const saga = useSaga(orderId, everyMs);
  const { data } = saga;
  const trouble = saga.isError && data === undefined ? troubleOfQuestion(saga.error) : undefined;
  const readAtMs = Math.max(saga.dataUpdatedAt, trouble?.notFound === true ? saga.errorUpdatedAt : 0);
  return (
    <Panel title="The order now" aside={<Age readAtMs={readAtMs} />}>
      {saga.isPending && <Loading rows={2} what="the order" />}
      {trouble?.notFound === true && (
        <p className="panel-text">System C has neither an order nor a decision with this number.</p>
      )}
      {trouble?.notFound === false && (
        <TroubleNotice
          title="The order could not be read"
          trouble={trouble}
          onAgain={() => void saga.refetch()}
        />
      )}
      {data !== undefined && (
        <Facts
          facts={[
            { name: "Order", value: <Link href={sagaPath(orderId)}>{orderId} of system C</Link> },
            {
              name: "Status",
              value:
                data.order === null ? "nobody has placed it" : <StatusBadge status={data.order.status} />,
            },
            { name: "Payment", value: answerText(data.payment) },
            { name: "Stock", value: answerText(data.stock) },
          ]}
        />
      )}
    </Panel>
  );
}

function answerText(decision: SagaDetails["payment"]): string {
  return decision === null ? "has not decided" : `${decision.answer}, ${decision.state}`;
}
