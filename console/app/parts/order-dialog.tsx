// An order to the service that changes something: says what will happen, takes a reason where one is kept, is sent once
// however often it is clicked, and stays open until its outcome is known.
import { useMutation } from "@tanstack/react-query";
import { useRef, type FormEvent, type KeyboardEvent, type ReactNode } from "react";
import type { Operation } from "../../../contract/access.ts";
import { useObjection } from "../data/access.ts";
import { troubleOfOrder } from "../data/trouble.ts";
import { Dialog } from "./dialog.tsx";
import { NotAllowed } from "./not-allowed.tsx";
import { TroubleNotice } from "./notice.tsx";

interface OrderDialogProps {
  readonly title: string;
  /** On the button that does it. */
  readonly action: string;
  /** On the button that does nothing. */
  readonly dismiss?: string;
  /** `danger` for what cannot be taken back. */
  readonly mood?: "usual" | "danger";
  readonly failure: string;
  /** Which procedure it is, so that whose role may not do it is told before. */
  readonly operation: Operation;
  /** Hears the fields of the form. Rejects with what the client threw. */
  readonly send: (fields: FormData) => Promise<unknown>;
  readonly onDone: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function OrderDialog({
  title,
  action,
  dismiss = "Cancel",
  mood = "danger",
  failure,
  operation,
  send,
  onDone,
  onClose,
  children,
}: OrderDialogProps) {
  const sent = useRef(false);
  const objection = useObjection(operation);
  const order = useMutation({
    mutationFn: send,
    onSuccess: onDone,
    onError: () => {
      sent.current = false;
    },
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    // State comes a moment too late for a double click.
    if (sent.current) return;
    sent.current = true;
    order.mutate(new FormData(event.currentTarget));
  };
  const submitByKey = (event: KeyboardEvent<HTMLFormElement>) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.currentTarget.requestSubmit();
  };
  const close = () => {
    if (!order.isPending) onClose();
  };
  return (
    <Dialog title={title} onClose={close}>
      <form onSubmit={submit} onKeyDown={submitByKey}>
        {children}
        {order.isError && <TroubleNotice title={failure} trouble={troubleOfOrder(order.error)} />}
        <NotAllowed objection={objection} />
        <footer className="dialog-foot">
          <button type="button" disabled={order.isPending} onClick={close}>
            {dismiss}
          </button>
          <button type="submit" className={mood} disabled={order.isPending || objection !== undefined}>
            {order.isPending ? "Sending…" : action}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
