// System C's orders: what payment and stock have decided, what waits for its other half, and what came too late.
import { useQuery } from "@tanstack/react-query";
import type { PendingHalf, SagaStats } from "../../../contract/sagas.ts";
import { pathOf, sagaPath, searchPath } from "../../model/screens.ts";
import { termText } from "../../model/search-syntax.ts";
import { countText } from "../../model/time-text.ts";
import { orderClient } from "../data/order-client.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { Link, navigate, useParameter } from "../frame/router.tsx";
import { useHotkeys } from "../frame/hotkeys.ts";
import { Badge } from "../parts/badge.tsx";
import { Facts } from "../parts/facts.tsx";
import { FilterField } from "../parts/filter-field.tsx";
import { Loading, Notice, TroubleNotice } from "../parts/notice.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Panel } from "../parts/panel.tsx";
import { ShareBar } from "../parts/share-bar.tsx";
import { Age, Since, Until } from "../parts/time.tsx";
import { OneSaga } from "./one-saga.tsx";
import { SagaTable } from "./saga-table.tsx";
import { Tile } from "./tile.tsx";

const everyMs = 2000;

export function Sagas() {
  const [id, setId] = useParameter("id");
  useHotkeys("Sagas", [
    {
      keys: "/",
      about: "open an order by its number",
      run: () => document.getElementById("saga-id")?.focus(),
    },
    ...(id === ""
      ? []
      : [{ keys: "Escape", about: "all sagas", run: () => navigate(pathOf({ screen: "sagas" })) }]),
  ]);
  return (
    <>
      <PageHead
        title={id === "" ? "Sagas" : `Saga ${id}`}
        about="Orders that payment and stock decide on, each in its own time."
      />
      <FilterField id="saga-id" label="Number of an order" value={id} onChange={setId} />
      {id === "" ? <AllSagas /> : <OneSaga typed={id} />}
    </>
  );
}

function AllSagas() {
  const stats = useQuery({
    queryKey: ["saga-stats"],
    queryFn: ({ signal }) => orderClient.sagas.stats.query(undefined, { signal }),
    refetchInterval: everyMs,
  });
  const { data } = stats;
  return (
    <>
      <div className="tiles">
        <Tile
          title="Wait for their other half"
          count={data?.halves.pending}
          query={stats}
          mood={(data?.halves.pending ?? 0) > 0 ? "warn" : "ok"}
        >
          {data?.halves.pending === 0 && "Every decision has met its partner."}
        </Tile>
        <Tile
          title="Too late, or left alone"
          href={searchPath(termText("reason", "partner_missing"))}
          count={data === undefined ? undefined : data.halves.late + data.halves.expired}
          query={stats}
          mood={data !== undefined && data.halves.late + data.halves.expired > 0 ? "bad" : "ok"}
        >
          {data !== undefined &&
            `${countText(data.halves.late)} came after the window, ${countText(data.halves.expired)} never met a partner; each is a dead letter`}
        </Tile>
        <Tile title="Settled" count={data?.counted.joins} query={stats} mood="none">
          orders that both have decided, since the beginning
        </Tile>
        <Tile
          title="On their way to a topic"
          count={data?.unpublished}
          query={stats}
          mood={(data?.unpublished ?? 0) > 1000 ? "warn" : "none"}
        >
          saved, and not known to be published
        </Tile>
      </div>
      {data === undefined && stats.isError && (
        <TroubleNotice
          title="The sagas could not be counted"
          trouble={troubleOfQuestion(stats.error)}
          onAgain={() => void stats.refetch()}
        />
      )}
      <div className="two-columns">
        <Panel title="By outcome" aside={<Age readAtMs={stats.dataUpdatedAt} />}>
          {data === undefined ? <Loading rows={3} what="the outcomes" /> : <Outcomes stats={data} />}
        </Panel>
        <PendingHalves />
      </div>
      <SagaTable />
    </>
  );
}

function Outcomes({ stats: { orders, counted: happened, withoutOrder } }: { readonly stats: SagaStats }) {
  const total = orders.NEW + orders.CONFIRMED + orders.REJECTED + orders.ROLLBACK;
  if (total === 0 && withoutOrder === 0)
    return <Notice kind="plain" icon="sagas" title="No order of system C was placed yet" />;
  return (
    <>
      <ShareBar
        label="Placed orders by their status"
        total={total}
        shares={[
          { name: "confirmed", word: "confirmed", mood: "ok", count: orders.CONFIRMED },
          { name: "rollback", word: "rolled back", mood: "warn", count: orders.ROLLBACK },
          { name: "rejected", word: "rejected", mood: "bad", count: orders.REJECTED },
          { name: "new", word: "not settled", mood: "left", count: orders.NEW },
        ]}
      />
      <Facts
        facts={[
          { name: "Before its order", value: countText(happened.early) },
          { name: "Twice", value: countText(happened.duplicates) },
          { name: "Contradictory", value: countText(happened.contradictory) },
          { name: "Late", value: countText(happened.late) },
          { name: "Left alone", value: countText(happened.expired) },
          { name: "Replayed", value: countText(happened.replayed) },
          { name: "Nobody's", value: `${countText(withoutOrder)} orders that nobody placed` },
        ]}
      />
    </>
  );
}

function PendingHalves() {
  const pending = useQuery({
    queryKey: ["pending-halves"],
    queryFn: ({ signal }) => orderClient.sagas.pending.query(undefined, { signal }),
    refetchInterval: everyMs,
  });
  const halves = pending.data?.halves ?? [];
  return (
    <Panel title="Pending halves" aside={<Age readAtMs={pending.dataUpdatedAt} />}>
      {pending.isPending && <Loading rows={3} what="what is pending" />}
      {pending.data === undefined && pending.isError && (
        <TroubleNotice
          title="The pending halves could not be read"
          trouble={troubleOfQuestion(pending.error)}
          onAgain={() => void pending.refetch()}
        />
      )}
      {pending.data !== undefined && halves.length === 0 && (
        <Notice kind="calm" icon="up" title="Nothing waits for its other half" />
      )}
      <ul className="halves">
        {halves.map((half) => (
          <Half key={`${half.orderId} ${half.side}`} half={half} />
        ))}
      </ul>
      {halves.length === 200 && (
        <p className="panel-text">The first 200, those whose time is over soonest.</p>
      )}
    </Panel>
  );
}

function Half({ half }: { readonly half: PendingHalf }) {
  const { orderId, side, answer, receivedAt, deadlineAt, isPlaced } = half;
  return (
    <li>
      <Link href={sagaPath(orderId)}>{orderId}</Link>
      <span>
        {side} {answer === "ACCEPT" ? "accepted" : "rejected"}
        {isPlaced ? "" : ", and nobody placed the order"}
      </span>
      <Badge mood="warn" word={`waits for ${otherSide(side, isPlaced)}`} />
      <span className="half-times">
        <Since iso={receivedAt} />
        {deadlineAt !== null && (
          <>
            {", over "}
            <Until iso={deadlineAt} />
          </>
        )}
      </span>
    </li>
  );
}

function otherSide(side: PendingHalf["side"], isPlaced: boolean): string {
  if (!isPlaced) return "its order";
  return side === "payment" ? "stock" : "payment";
}
