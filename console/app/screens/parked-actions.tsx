// Two orders about an event that waits. Trying it now is harmless; giving it up asks first and says what follows.
import { useQueryClient } from "@tanstack/react-query";
import type { ParkedEvent } from "../data/told.ts";
import { orderClient } from "../data/order-client.ts";
import { OrderDialog } from "../parts/order-dialog.tsx";
import { Short } from "../parts/text.tsx";

export interface ParkedOrder {
  readonly what: "retry" | "dead-letter";
  readonly event: ParkedEvent;
}

interface ParkedActionsProps {
  readonly ordering: ParkedOrder;
  readonly onClose: () => void;
}

export function ParkedActions({ ordering: { what, event }, onClose }: ParkedActionsProps) {
  const queries = useQueryClient();
  const done = () => {
    void queries.invalidateQueries();
    onClose();
  };
  const order = <Short text={event.orderId} length={80} />;
  if (what === "retry") {
    return (
      <OrderDialog
        title="Try this event now"
        action="Try now"
        mood="usual"
        operation="parked.retryNow"
        failure="The event was not made due"
        onClose={onClose}
        onDone={done}
        send={() => orderClient.parked.retryNow.mutate({ id: event.id })}
      >
        <p>
          The event of order <strong>{order}</strong> is tried at once instead of at its time. It counts as an
          attempt; when it fails again it goes on as before.
        </p>
      </OrderDialog>
    );
  }
  return (
    <OrderDialog
      title="Dead-letter this event now"
      action="Dead-letter it"
      mood="danger"
      operation="parked.deadLetterNow"
      failure="The event was not dead-lettered"
      onClose={onClose}
      onDone={done}
      send={() => orderClient.parked.deadLetterNow.mutate({ id: event.id })}
    >
      <p>
        The event of order <strong>{order}</strong> is not tried again: it becomes a dead letter, with its
        bytes and every attempt. What waits behind it goes on without it.
      </p>
    </OrderDialog>
  );
}
