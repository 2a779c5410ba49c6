// Orders about a replay that is under way. Each says what follows, and asks why.
import { useQueryClient } from "@tanstack/react-query";
import { counted, countText } from "../../model/time-text.ts";
import { orderClient } from "../data/order-client.ts";
import type { ReplayJob } from "../data/told.ts";
import { formText } from "../parts/form-text.ts";
import { OrderDialog } from "../parts/order-dialog.tsx";
import { ReasonField } from "../parts/reason-field.tsx";

export interface ReplayOrder {
  readonly what: "pause" | "resume" | "cancel" | "rate";
  readonly job: ReplayJob;
}

interface ReplayOrdersProps {
  readonly ordering: ReplayOrder;
  readonly onClose: () => void;
}

export function ReplayOrders({ ordering: { what, job }, onClose }: ReplayOrdersProps) {
  const queries = useQueryClient();
  const { id, left, ratePerSecond } = job;
  const common = {
    onClose,
    onDone: () => {
      void queries.invalidateQueries();
      onClose();
    },
  };
  switch (what) {
    case "pause":
      return (
        <OrderDialog
          {...common}
          title="Pause this replay"
          action="Pause"
          mood="usual"
          operation="replays.pause"
          failure="It was not paused"
          send={(fields) => orderClient.replays.pause.mutate({ id, reason: formText(fields, "reason") })}
        >
          <p>What was published comes to its end. Nothing more goes until somebody resumes it.</p>
          <ReasonField placeholder="What you want to look at first" />
        </OrderDialog>
      );
    case "resume":
      return (
        <OrderDialog
          {...common}
          title={`Go on with ${counted(left, "message")}`}
          action={`Go on with ${countText(left)}`}
          mood="usual"
          operation="replays.resume"
          failure="It was not resumed"
          send={(fields) => orderClient.replays.resume.mutate({ id, reason: formText(fields, "reason") })}
        >
          <p>They go at {countText(ratePerSecond)}/s at most. How many fail is judged anew from here on.</p>
          <ReasonField placeholder="What you have looked at, and why it is well" />
        </OrderDialog>
      );
    case "rate":
      return (
        <OrderDialog
          {...common}
          title="Change the rate"
          action="Change the rate"
          mood="usual"
          operation="replays.setRate"
          failure="The rate was not changed"
          send={(fields) =>
            orderClient.replays.setRate.mutate({
              id,
              ratePerSecond: Number(formText(fields, "rate")),
              reason: formText(fields, "reason"),
            })
          }
        >
          <label className="field">
            <span>Messages a second, at most</span>
            <input name="rate" type="number" required min={1} max={50_000} defaultValue={ratePerSecond} />
          </label>
          <ReasonField placeholder="Why slower, or faster" />
        </OrderDialog>
      );
    case "cancel":
      return (
        <OrderDialog
          {...common}
          title="Cancel this replay"
          action="Cancel the replay"
          dismiss="Keep it"
          operation="replays.cancel"
          failure="It was not cancelled"
          send={(fields) => orderClient.replays.cancel.mutate({ id, reason: formText(fields, "reason") })}
        >
          <p>
            Of the {counted(left, "message")} that {left === 1 ? "is" : "are"} left, what was published comes
            to its end; the others are skipped, and open again. It cannot be taken up again.
          </p>
          <ReasonField placeholder="Why it is not to go on" />
        </OrderDialog>
      );
  }
}
