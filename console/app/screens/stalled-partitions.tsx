// Partitions that stand still, and the audited order to read on past what cannot be read. Only there when there are any:
// on a good day nobody has to know of it.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { OrderHealthReport } from "../../../contract/health.ts";
import { counted } from "../../model/time-text.ts";
import { orderClient } from "../data/order-client.ts";
import { useHealth } from "../data/live.ts";
import { formText } from "../parts/form-text.ts";
import { OrderDialog } from "../parts/order-dialog.tsx";
import { PermittedButton } from "../parts/permitted-button.tsx";
import { Panel } from "../parts/panel.tsx";
import { ReasonField } from "../parts/reason-field.tsx";
import { Visible } from "../parts/text.tsx";
import { Age } from "../parts/time.tsx";

type Stalled = OrderHealthReport["stalledPartitions"][number];

/** What one order may skip, as the contract bounds it. */
const skippedAtMost = 10_000;

export function StalledPartitions() {
  const health = useHealth();
  const [skipping, setSkipping] = useState<Stalled>();
  const stalled = health.data?.stalledPartitions ?? [];
  if (stalled.length === 0 && skipping === undefined) return null;
  return (
    <Panel
      title="Partitions that stand still"
      aside={<Age readAtMs={health.dataUpdatedAt} />}
      className="alarming"
    >
      <p className="panel-text">
        There are records to read and no progress. Orders on these partitions wait; the others go on.
      </p>
      <table className="table rows">
        <thead>
          <tr>
            <th scope="col">Partition</th>
            <th scope="col" className="number">
              Stands at
            </th>
            <th scope="col" className="number">
              Unread
            </th>
            <th scope="col">
              <span className="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {stalled.map((partition) => (
            <tr key={`${partition.topic}/${partition.partition}`}>
              <td data-name="Partition">
                <Visible text={`${partition.topic}/${partition.partition}`} />
              </td>
              <td className="number" data-name="Stands at">
                {partition.offset}
              </td>
              <td className="number" data-name="Unread">
                {counted(partition.endOffset - partition.offset, "record")}
              </td>
              <td className="actions">
                <PermittedButton operation="partitions.skip" onClick={() => setSkipping(partition)}>
                  Skip records…
                </PermittedButton>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {skipping !== undefined && <SkipDialog stalled={skipping} onClose={() => setSkipping(undefined)} />}
    </Panel>
  );
}

function SkipDialog({ stalled, onClose }: { readonly stalled: Stalled; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const { topic, partition, offset, endOffset } = stalled;
  const [until, setUntil] = useState(String(offset + 1));
  const count = Number(until) - offset;
  return (
    <OrderDialog
      title={`Skip records of ${topic}/${partition}`}
      action={count > 0 ? `Skip ${counted(count, "record")}` : "Skip"}
      operation="partitions.skip"
      failure="The records were not skipped"
      onClose={onClose}
      onDone={() => {
        void queries.invalidateQueries();
        onClose();
      }}
      send={(fields) =>
        orderClient.partitions.skip.mutate({
          topic,
          partition,
          fromOffset: offset,
          toOffset: Number(formText(fields, "until")),
          reason: formText(fields, "reason"),
        })
      }
    >
      <p>
        Records from offset <strong>{offset}</strong> on and before the one below never have an effect and are
        no dead letters. The audit keeps who skipped them and why; nothing else does. The partition ends at{" "}
        {endOffset}.
      </p>
      <label className="field">
        <span>Read on at offset</span>
        <input
          name="until"
          type="number"
          required
          min={offset + 1}
          max={Math.min(endOffset, offset + skippedAtMost)}
          value={until}
          onChange={(event) => setUntil(event.target.value)}
        />
      </label>
      <ReasonField placeholder="What is wrong with them, and who agreed" />
    </OrderDialog>
  );
}
