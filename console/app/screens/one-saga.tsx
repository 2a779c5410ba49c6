// One of system C's orders: what it is, what each side said, and everything that happened to it, in time.
import type { ReactNode } from "react";
import { readOrderNumber } from "../../model/saga-order.ts";
import { counted, spanText } from "../../model/time-text.ts";
import type { SagaDetails } from "../data/told.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { Badge, type Mood } from "../parts/badge.tsx";
import { Facts } from "../parts/facts.tsx";
import { Loading, Notice, TroubleNotice } from "../parts/notice.tsx";
import { Panel } from "../parts/panel.tsx";
import { Long, Short } from "../parts/text.tsx";
import { Age, Instant, Until } from "../parts/time.tsx";
import { useSaga } from "./saga-now.tsx";
import { StatusBadge } from "./saga-table.tsx";

export function OneSaga({ typed }: { readonly typed: string }) {
  const orderId = readOrderNumber(typed);
  const saga = useSaga(orderId, 2000);
  if (orderId === undefined) {
    return (
      <Notice kind="plain" icon="search" title="This cannot be the number of an order">
        <p>System C numbers its orders 1, 2, 3 and so on.</p>
      </Notice>
    );
  }
  const trouble = saga.isError ? troubleOfQuestion(saga.error) : undefined;
  if (saga.data === undefined) {
    if (trouble === undefined) return <Loading rows={6} what="the order" />;
    if (trouble.notFound) {
      return (
        <Notice
          kind="plain"
          icon="search"
          title="There is neither an order nor a decision with this number"
        />
      );
    }
    return (
      <TroubleNotice
        title="The order could not be read"
        trouble={trouble}
        onAgain={() => void saga.refetch()}
      />
    );
  }
  return <Shown saga={saga.data} readAtMs={saga.dataUpdatedAt} />;
}

function Shown({ saga, readAtMs }: { readonly saga: SagaDetails; readonly readAtMs: number }) {
  const { order, placedAt, settledAt, deadlineAt } = saga;
  return (
    <div className="message-columns">
      <div>
        <Panel title="Time line" aside={<Age readAtMs={readAtMs} />}>
          <TimeLine events={saga.timeline} />
        </Panel>
      </div>
      <div>
        <Panel title="Order">
          {order === null ? (
            <Notice kind="plain" icon="unknown" title="Nobody has placed this order">
              <p>Decisions about it came all the same; they wait for it, and then they are dead letters.</p>
            </Notice>
          ) : (
            <Facts
              facts={[
                { name: "Status", value: <StatusBadge status={order.status} /> },
                { name: "Customer", value: <Short text={order.customerId} length={128} /> },
                ...(order.source === null
                  ? []
                  : [{ name: "Rejected by", value: <Short text={order.source} length={80} /> }]),
                { name: "Lines", value: counted(order.items.length, "line") },
                ...(placedAt === null ? [] : [{ name: "Placed", value: <Instant iso={placedAt} full /> }]),
                ...(settledAt === null || placedAt === null
                  ? []
                  : [
                      {
                        name: "Settled after",
                        value: spanText(Date.parse(settledAt) - Date.parse(placedAt)),
                      },
                    ]),
              ]}
            />
          )}
        </Panel>
        <Decision title="Payment" decision={saga.payment} deadlineAt={deadlineAt} />
        <Decision title="Stock" decision={saga.stock} deadlineAt={deadlineAt} />
      </div>
    </div>
  );
}

const moods: Readonly<Record<string, Mood>> = { joined: "ok", pending: "warn", late: "bad", expired: "bad" };
const stateWords: Readonly<Record<string, string>> = {
  joined: "counted",
  pending: "waits for its partner",
  late: "came too late",
  expired: "its partner never came",
};

interface DecisionProps {
  readonly title: string;
  readonly decision: SagaDetails["payment"];
  readonly deadlineAt: string | null;
}

function Decision({ title, decision, deadlineAt }: DecisionProps) {
  return (
    <Panel title={title}>
      {decision === null ? (
        <p className="panel-text">Has not decided yet.</p>
      ) : (
        <Facts
          facts={[
            {
              name: "Answer",
              value: <Badge mood={decision.answer === "ACCEPT" ? "ok" : "bad"} word={decision.answer} />,
            },
            {
              name: "State",
              value: (
                <Badge
                  mood={moods[decision.state] ?? "none"}
                  word={stateWords[decision.state] ?? decision.state}
                />
              ),
            },
            ...(decision.source === null
              ? []
              : [{ name: "Source", value: <Long text={decision.source} length={200} /> }]),
            { name: "Received", value: <Instant iso={decision.receivedAt} full /> },
            ...(decision.state === "pending" && deadlineAt !== null
              ? [{ name: "Time is over", value: <Until iso={deadlineAt} /> }]
              : []),
            ...(decision.replayed ? [{ name: "Replayed", value: "by an operator's order" }] : []),
          ]}
        />
      )}
    </Panel>
  );
}

type Event = SagaDetails["timeline"][number];

function TimeLine({ events }: { readonly events: readonly Event[] }) {
  if (events.length === 0) return <p className="panel-text">Nothing has happened to it.</p>;
  return (
    <ol className="steps">
      {events.map((event, index) => {
        const before = events[index - 1];
        return (
          <li key={index} className={stepMood(event)}>
            <p className="step-title">
              {stepTitle(event)}
              {before !== undefined && (
                <span className="step-gap">+{spanText(Date.parse(event.at) - Date.parse(before.at))}</span>
              )}
            </p>
            <p className="step-time">
              <Instant iso={event.at} full />
            </p>
            <div className="step-text">{stepText(event)}</div>
          </li>
        );
      })}
    </ol>
  );
}

function stepMood({ kind }: Event): string {
  if (kind === "settled") return "good";
  return kind === "late" || kind === "expired" || kind === "contradictory" ? "bad" : "plain";
}

const verbs = {
  decided: "decided",
  replayed: "was replayed",
  duplicate: "said the same again",
  contradictory: "contradicted itself",
  late: "came too late",
  expired: "was left alone",
} as const;

function stepTitle(event: Event): ReactNode {
  if (event.kind === "placed") return "Order placed";
  if (event.kind === "settled") {
    return (
      <span>
        Settled <StatusBadge status={event.status} />
      </span>
    );
  }
  return `${event.side === "payment" ? "Payment" : "Stock"} ${verbs[event.kind]}: ${event.answer}`;
}

function stepText(event: Event): ReactNode {
  if (event.kind === "placed") return null;
  if (event.kind === "settled") {
    return event.source === null ? null : (
      <>
        rejected by <Short text={event.source} length={100} />
      </>
    );
  }
  return (
    <>
      {event.reason !== null && (
        <p>
          <Long text={event.reason} length={300} />
        </p>
      )}
      {event.eventAt !== null && (
        <p>
          its own time <Instant iso={event.eventAt} full />
        </p>
      )}
    </>
  );
}
