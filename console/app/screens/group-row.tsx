import { groupStateOf, unsettled } from "../../model/group-state.ts";
import { newReplayHref } from "../../model/replay-address.ts";
import { searchPath } from "../../model/screens.ts";
import { counted, countText } from "../../model/time-text.ts";
import type { LetterGroup } from "../data/told.ts";
import { Link } from "../frame/router.tsx";
import { Icon } from "../parts/icon.tsx";
import { PermittedButton } from "../parts/permitted-button.tsx";
import { Sparkline } from "../parts/sparkline.tsx";
import { GroupStateBadge } from "../parts/state-badge.tsx";
import { Short } from "../parts/text.tsx";
import { Instant, Since } from "../parts/time.tsx";
import type { GroupOrder } from "./group-orders.tsx";

interface GroupRowProps {
  readonly group: LetterGroup;
  readonly index: number;
  readonly onOrder: (what: GroupOrder["what"]) => void;
}

/** Undefined when there is nothing to replay, or no way to name the group. */
export function groupReplayHref(group: LetterGroup, canary?: number): string | undefined {
  const { fingerprint, byState, reason } = group;
  if (fingerprint === "" || unsettled(group) === 0) return undefined;
  return newReplayHref(
    { kind: "search", typed: `group:${fingerprint}` },
    {
      name: reason,
      ...(canary === undefined ? {} : { canary }),
      ...((byState.open ?? 0) === 0 ? { force: true } : {}),
    },
  );
}

export function GroupRow({ group, index, onOrder }: GroupRowProps) {
  const { fingerprint, errorType, reason, pattern, total, byState, hours, note, owner, ignored } = group;
  const [open, quarantined] = [byState.open ?? 0, byState.quarantined ?? 0];
  const all = groupReplayHref(group);
  const first = groupReplayHref(group, 1);
  const messages = searchPath(fingerprint === "" ? "" : `group:${fingerprint}`);
  return (
    <li data-row={index} className="group" data-group={fingerprint}>
      <div className="group-what">
        <p className="group-class">
          <GroupStateBadge state={groupStateOf(group)} />{" "}
          <span className="letter-reason">
            <Short text={reason === "" ? "ungrouped" : reason} length={40} />
          </span>{" "}
          <code>
            <Short text={errorType} length={60} />
          </code>
        </p>
        <p className="group-pattern">
          <Link href={messages} data-open>
            {fingerprint === "" ? (
              "From before failures were grouped"
            ) : (
              <Short text={pattern === "" ? "(no message)" : pattern} length={240} />
            )}
          </Link>
        </p>
        {(note !== "" || owner !== "") && (
          <p className="group-note">
            {owner !== "" && (
              <strong>
                <Short text={owner} length={100} />
              </strong>
            )}
            {owner !== "" && note !== "" && ": "}
            <Short text={note} length={300} />
          </p>
        )}
      </div>
      <div className="group-count">
        <p className="group-number">{countText(total)}</p>
        <p className="group-parts">{partsText(group)}</p>
      </div>
      <div className="group-hours">
        <Sparkline hours={hours} />
        <p className="group-parts">last 24 hours</p>
      </div>
      <dl className="group-seen">
        <div>
          <dt>first</dt>
          <dd>
            <Instant iso={group.firstSeenAt} />
          </dd>
        </div>
        <div>
          <dt>last</dt>
          <dd>
            <Since iso={group.lastSeenAt} />
          </dd>
        </div>
      </dl>
      <div className="group-orders">
        {all !== undefined && (
          <Link className="button leading" href={all}>
            <Icon name="replays" /> Replay {countText(open > 0 ? open : quarantined)} matching
          </Link>
        )}
        {first !== undefined && open + quarantined > 1 && (
          <Link className="button" href={first}>
            Replay 1 first
          </Link>
        )}
        {fingerprint !== "" && (
          <>
            <PermittedButton operation="dlq.annotate" onClick={() => onOrder("note")}>
              {note === "" && owner === "" ? "Note, owner…" : "Edit note…"}
            </PermittedButton>
            <PermittedButton operation="dlq.annotate" onClick={() => onOrder("ignore")}>
              {ignored ? "Ignore no more" : "Ignore…"}
            </PermittedButton>
            {open + quarantined > 0 && (
              <PermittedButton operation="dlq.discard" onClick={() => onOrder("discard")}>
                Discard {countText(open + quarantined)}…
              </PermittedButton>
            )}
          </>
        )}
        {fingerprint === "" && (
          <span className="group-parts">
            The command <code>dlq:rebuild</code> groups them.
          </span>
        )}
      </div>
    </li>
  );
}

function partsText({ byState, total }: LetterGroup): string {
  const parts = [
    ["open", byState.open],
    ["in quarantine", byState.quarantined],
    ["replaying", byState.replaying],
    ["resolved", byState.resolved],
    ["discarded", byState.discarded],
    ["superseded", byState.superseded],
  ] as const;
  const present = parts.filter(([, count]) => (count ?? 0) > 0);
  const [only] = present;
  if (present.length === 1 && only !== undefined)
    return `${counted(total, "message")}, ${total === 1 ? "" : "all "}${only[0]}`;
  return present.map(([word, count]) => `${countText(count ?? 0)} ${word}`).join(", ");
}
