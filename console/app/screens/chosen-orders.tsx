// What can be done about the messages that are chosen, or about all that match when none is.
import { useState } from "react";
import { newReplayHref } from "../../model/replay-address.ts";
import type { LetterSearch } from "../../model/search-syntax.ts";
import { counted } from "../../model/time-text.ts";
import { targetOfIds } from "../data/chosen-letters.ts";
import { useHotkeys } from "../frame/hotkeys.ts";
import { navigate } from "../frame/router.tsx";
import { Icon } from "../parts/icon.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { PermittedButton } from "../parts/permitted-button.tsx";
import { idsProblem } from "./frozen-scope.ts";
import { LetterOrders, type LetterOrder } from "./letter-orders.tsx";

interface ChosenOrdersProps {
  /** None: all that match. */
  readonly ids: readonly string[];
  readonly what: string;
  readonly typed: string;
  /** Fixed at the moment at which the list was read. */
  readonly filter: LetterSearch;
  readonly disabled: boolean;
  readonly onDone: () => void;
}

export function ChosenOrders({ ids, what, typed, filter, disabled, onDone }: ChosenOrdersProps) {
  const [ordering, setOrdering] = useState<LetterOrder["what"]>();
  const [tooMany, setTooMany] = useState<string>();
  const [said, setSaid] = useState("");
  const verb = filter.state === "discarded" ? "restore" : "discard";
  const unlessTooMany = (use: () => void) => () => {
    if (disabled) return;
    const problem = idsProblem(ids.length);
    if (problem === undefined) use();
    else setTooMany(problem);
  };
  const replay = unlessTooMany(() =>
    navigate(newReplayHref(ids.length === 0 ? { kind: "search", typed } : targetOfIds(ids))),
  );
  const move = unlessTooMany(() => setOrdering(verb));
  useHotkeys("Chosen rows, or all that match", [
    { keys: "r", about: "replay them (asks first)", run: replay },
    { keys: "d", about: `${verb} them (asks first)`, run: move },
  ]);
  return (
    <>
      <button type="button" disabled={disabled} aria-label={`Replay ${what}`} onClick={replay}>
        <Icon name="replays" /> Replay…
      </button>
      <PermittedButton
        operation={`dlq.${verb}`}
        disabled={disabled}
        aria-label={verb === "discard" ? `Discard ${what}` : `Restore ${what}`}
        onClick={move}
      >
        <Icon name={verb === "discard" ? "discard" : "again"} />
        {verb === "discard" ? "Discard…" : "Restore…"}
      </PermittedButton>
      {said !== "" && <span role="status">{said}</span>}
      {ordering !== undefined && (
        <LetterOrders
          ordering={{
            what: ordering,
            scope: ids.length === 0 ? { filter } : { ids: [...ids] },
            told: what,
          }}
          onClose={() => setOrdering(undefined)}
          onDone={(count) => {
            setSaid(`${ordering === "discard" ? "Discarded" : "Restored"} ${counted(count, "message")}`);
            onDone();
          }}
        />
      )}
      {tooMany !== undefined && (
        <Dialog title="Too many to name one by one" onClose={() => setTooMany(undefined)}>
          <p>{tooMany}.</p>
        </Dialog>
      )}
    </>
  );
}
