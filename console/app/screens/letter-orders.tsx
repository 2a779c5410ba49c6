// Discarding and restoring messages: those that are named, or all that match. The reason is kept; nothing is deleted.
import { useQueryClient } from "@tanstack/react-query";
import type { LetterScope } from "../../../contract/replays.ts";
import { orderClient } from "../data/order-client.ts";
import { formText } from "../parts/form-text.ts";
import { OrderDialog } from "../parts/order-dialog.tsx";
import { ReasonField } from "../parts/reason-field.tsx";

export interface LetterOrder {
  readonly what: "discard" | "restore";
  readonly scope: LetterScope;
  /** What it is about: `214 messages`. */
  readonly told: string;
}

interface LetterOrdersProps {
  readonly ordering: LetterOrder;
  readonly onClose: () => void;
  /** Hears how many it was. */
  readonly onDone?: (count: number) => void;
}

export function LetterOrders({ ordering: { what, scope, told }, onClose, onDone }: LetterOrdersProps) {
  const queries = useQueryClient();
  const done = () => {
    void queries.invalidateQueries();
    onClose();
  };
  if (what === "restore") {
    return (
      <OrderDialog
        title={`Restore ${told}`}
        action={`Restore ${told}`}
        mood="usual"
        operation="dlq.restore"
        failure="Nothing was restored"
        onClose={onClose}
        onDone={done}
        send={async (fields) => {
          const { count } = await orderClient.dlq.restore.mutate({
            scope,
            reason: formText(fields, "reason"),
          });
          onDone?.(count);
        }}
      >
        <p>What was discarded of it is open again, and can be replayed.</p>
        <ReasonField placeholder="Why it matters after all" />
      </OrderDialog>
    );
  }
  return (
    <OrderDialog
      title={`Discard ${told}`}
      action={`Discard ${told}`}
      operation="dlq.discard"
      failure="Nothing was discarded"
      onClose={onClose}
      onDone={done}
      send={async (fields) => {
        const { count } = await orderClient.dlq.discard.mutate({ scope, reason: formText(fields, "reason") });
        onDone?.(count);
      }}
    >
      <p>
        What of it is open or in quarantine: nobody has to look at it any more, and none of it is replayed.
        Nothing is deleted; it can be restored.
      </p>
      <ReasonField placeholder="Why it needs no replay, and who agreed" />
    </OrderDialog>
  );
}
