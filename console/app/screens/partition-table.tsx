// Partitions: who reads them, how far, and what stands in the way.
import { useQuery } from "@tanstack/react-query";
import { countText } from "../../model/time-text.ts";
import { orderClient } from "../data/order-client.ts";
import type { PartitionRow } from "../data/told.ts";
import { troubleOfQuestion } from "../data/trouble.ts";
import { Badge, type Mood } from "../parts/badge.tsx";
import { Loading, TroubleNotice, unread } from "../parts/notice.tsx";
import { Short } from "../parts/text.tsx";
import { Age } from "../parts/time.tsx";

const everyMs = 2000;

export function PartitionTable() {
  const partitions = useQuery({
    queryKey: ["partitions"],
    queryFn: ({ signal }) => orderClient.topics.partitions.query(undefined, { signal }),
    refetchInterval: everyMs,
  });
  const { data } = partitions;
  const rows = data?.partitions ?? [];
  const mostLag = Math.max(1, ...rows.map(({ lag }) => lag ?? 0));
  const own = rows.filter(({ state }) => state !== "elsewhere").length;
  return (
    <>
      <p className="list-line" role="status">
        <span>
          {data === undefined ? (
            unread(partitions.isError)
          ) : (
            <>
              <Short text={data.instance} length={60} /> has {countText(own)} of {countText(rows.length)}{" "}
              partitions
              {own < rows.length ? "; the others belong to other instances, or to nobody just now" : ""}
            </>
          )}
        </span>
        <Age readAtMs={partitions.dataUpdatedAt} />
      </p>
      {partitions.isPending && <Loading rows={8} what="the partitions" />}
      {partitions.isError && (
        <TroubleNotice
          title="The partitions could not be read"
          trouble={troubleOfQuestion(partitions.error)}
          onAgain={() => void partitions.refetch()}
        />
      )}
      {rows.length > 0 && (
        <div className="table-scroll">
          <table className="table rows partitions">
            <thead>
              <tr>
                <th scope="col">Partition</th>
                <th scope="col">Consumer group</th>
                <th scope="col">Instance</th>
                <th scope="col">State</th>
                <th scope="col" className="number">
                  Next offset
                </th>
                <th scope="col" className="number">
                  Waits for a retry
                </th>
                <th scope="col">Lag</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <Row key={`${row.topic}/${row.partition}`} row={row} mostLag={mostLag} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

const states: Readonly<Record<PartitionRow["state"], { readonly word: string; readonly mood: Mood }>> = {
  active: { word: "reading", mood: "ok" },
  paused: { word: "paused: too much at once", mood: "warn" },
  stalled: { word: "stands still", mood: "bad" },
  elsewhere: { word: "elsewhere", mood: "none" },
};

function Row({ row, mostLag }: { readonly row: PartitionRow; readonly mostLag: number }) {
  const { topic, partition, consumerGroup, instance, state, nextOffset, lag, retrying } = row;
  return (
    <tr>
      <td className="mono" data-name="Partition">
        <span>
          {topic}/{partition}
        </span>
      </td>
      <td data-name="Group">
        <Short text={consumerGroup} length={80} />
      </td>
      <td data-name="Instance">
        {instance === null ? <span className="absent">another</span> : <Short text={instance} length={60} />}
      </td>
      <td data-name="State">
        <Badge mood={states[state].mood} word={states[state].word} />
      </td>
      <td className="number" data-name="Next offset">
        {numberOrNone(nextOffset)}
      </td>
      <td className="number" data-name="Waits">
        {retrying === null ? <span className="absent">–</span> : countText(retrying)}
      </td>
      <td data-name="Lag">
        {lag === null ? (
          <span className="absent">not known</span>
        ) : (
          <span className="lag">
            <meter min={0} max={mostLag} value={lag} aria-label={`Lag of ${topic}/${partition}`} />
            <span>{countText(lag)}</span>
          </span>
        )}
      </td>
    </tr>
  );
}

function numberOrNone(value: number | null) {
  return value === null ? <span className="absent">–</span> : countText(value);
}
