// What is said and ordered about a kind of failure. A note and an ignorance can be taken back; a discard asks why.
import { useQueryClient } from "@tanstack/react-query";
import { unsettled } from "../../model/group-state.ts";
import { counted } from "../../model/time-text.ts";
import { orderClient } from "../data/order-client.ts";
import type { LetterGroup } from "../data/told.ts";
import { formText } from "../parts/form-text.ts";
import { OrderDialog } from "../parts/order-dialog.tsx";
import { ReasonField } from "../parts/reason-field.tsx";
import { Short } from "../parts/text.tsx";

export interface GroupOrder {
  readonly what: "note" | "ignore" | "discard";
  readonly group: LetterGroup;
}

interface GroupOrdersProps {
  readonly ordering: GroupOrder;
  readonly onClose: () => void;
}

export function GroupOrders({ ordering: { what, group }, onClose }: GroupOrdersProps) {
  const queries = useQueryClient();
  const { fingerprint, ignored } = group;
  const common = {
    onClose,
    onDone: () => {
      void queries.invalidateQueries();
      onClose();
    },
  };
  const pattern = <Short text={group.pattern} length={160} />;
  if (what === "note") {
    return (
      <OrderDialog
        {...common}
        title="Note and owner"
        action="Save"
        mood="usual"
        operation="dlq.annotate"
        failure="The note was not saved"
        send={(fields) =>
          orderClient.dlq.annotate.mutate({
            fingerprint,
            note: formText(fields, "note").trim(),
            owner: formText(fields, "owner").trim(),
          })
        }
      >
        <p>{pattern}</p>
        <label className="field">
          <span>Owner, who looks after it</span>
          <input name="owner" type="text" maxLength={100} autoComplete="off" defaultValue={group.owner} />
        </label>
        <label className="field">
          <span>Note, for whoever looks at it next</span>
          <input name="note" type="text" maxLength={500} autoComplete="off" defaultValue={group.note} />
        </label>
      </OrderDialog>
    );
  }
  if (what === "ignore") {
    return (
      <OrderDialog
        {...common}
        title={ignored ? "Ignore this no more" : "Ignore this until it comes back"}
        action={ignored ? "Ignore no more" : "Ignore"}
        mood="usual"
        operation="dlq.annotate"
        failure={ignored ? "It is still ignored" : "It was not ignored"}
        send={() => orderClient.dlq.annotate.mutate({ fingerprint, ignored: !ignored })}
      >
        <p>{pattern}</p>
        <p>
          {ignored
            ? "It is among the open ones again."
            : "Its messages stay as they are. As soon as one more of it fails it is open again."}
        </p>
      </OrderDialog>
    );
  }
  const count = unsettled(group);
  return (
    <OrderDialog
      {...common}
      title={`Discard ${counted(count, "message")}`}
      action={`Discard ${counted(count, "message")}`}
      operation="dlq.discard"
      failure="Nothing was discarded"
      send={(fields) =>
        orderClient.dlq.discard.mutate({
          // What fails after somebody has looked is another matter.
          scope: { filter: { fingerprint, until: justAfter(group.lastSeenAt) } },
          reason: formText(fields, "reason"),
        })
      }
    >
      <p>{pattern}</p>
      <p>
        All of it that is open or in quarantine: nobody has to look at it any more, and none of it is
        replayed. Nothing is deleted; it can be restored.
      </p>
      <ReasonField placeholder="Why it needs no replay, and who agreed" />
    </OrderDialog>
  );
}

function justAfter(iso: string): string {
  return new Date(Date.parse(iso) + 1).toISOString();
}
