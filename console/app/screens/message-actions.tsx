// What can be done about one message, as it stands: replay it, edit it first, discard it, or take that back.
import { useState } from "react";
import { newReplayHref } from "../../model/replay-address.ts";
import { useHotkeys, type Hotkey } from "../frame/hotkeys.ts";
import { Link, navigate } from "../frame/router.tsx";
import type { LetterDetails } from "../data/told.ts";
import { Icon } from "../parts/icon.tsx";
import { PermittedButton } from "../parts/permitted-button.tsx";
import { LetterOrders, type LetterOrder } from "./letter-orders.tsx";

interface MessageActionsProps {
  readonly letter: LetterDetails;
  readonly editing: boolean;
  readonly onEdit: () => void;
}

export function MessageActions({ letter, editing, onEdit }: MessageActionsProps) {
  const { id, state, value } = letter;
  const [ordering, setOrdering] = useState<LetterOrder["what"]>();
  const unsettled = state === "open" || state === "quarantined";
  const replayHref = newReplayHref(
    { kind: "ids", ids: [id] },
    state === "quarantined" ? { force: true } : {},
  );
  const canEdit = unsettled && value.kind === "decoded";
  const keys: Hotkey[] = [
    ...(unsettled
      ? [
          { keys: "r", about: "replay this message (asks first)", run: () => navigate(replayHref) },
          { keys: "d", about: "discard it (asks first)", run: () => setOrdering("discard") },
        ]
      : []),
    ...(canEdit ? [{ keys: "e", about: editing ? "stop editing" : "edit and replay", run: onEdit }] : []),
    ...(state === "discarded"
      ? [{ keys: "d", about: "restore it (asks first)", run: () => setOrdering("restore") }]
      : []),
  ];
  useHotkeys("What to do", keys);
  return (
    <>
      {unsettled && (
        <Link className="button usual" href={replayHref}>
          <Icon name="replays" /> Replay…
        </Link>
      )}
      {canEdit && (
        <PermittedButton operation="replays.startEdited" aria-pressed={editing} onClick={onEdit}>
          <Icon name="edit" /> Edit and replay…
        </PermittedButton>
      )}
      {unsettled && (
        <PermittedButton operation="dlq.discard" onClick={() => setOrdering("discard")}>
          <Icon name="discard" /> Discard…
        </PermittedButton>
      )}
      {state === "discarded" && (
        <PermittedButton operation="dlq.restore" onClick={() => setOrdering("restore")}>
          <Icon name="again" /> Restore…
        </PermittedButton>
      )}
      {ordering !== undefined && (
        <LetterOrders
          ordering={{ what: ordering, scope: { ids: [id] }, told: "this message" }}
          onClose={() => setOrdering(undefined)}
        />
      )}
    </>
  );
}
