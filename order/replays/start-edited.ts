// Edit and replay: one letter, another event in its place. Once it is checked, it is a replay like any other.
import { type ContractFailure, deadLetterNotFound, invalidRequest } from "../../contract/errors.ts";
import type { RequestContext } from "../../contract/ports.ts";
import type { ReplayJob as ToldJob, StartEdited } from "../../contract/replays.ts";
import { failed, type Result, success } from "../../contract/result.ts";
import { eventOf } from "../told-failure.ts";
import type { LetterState } from "./domain/replay.ts";
import { type CheckEditedOptions, encodeChecked } from "./check-edited.ts";
import { diffOf } from "./edited-event.ts";
import type { OrderStore } from "../store/order-store.ts";
import { tellEnd, tellJob } from "./tell-replay.ts";

export interface StartEditedOptions extends CheckEditedOptions {
  readonly store: Pick<OrderStore, "deadLetters" | "replays" | "audit">;
  readonly isEditingOn: boolean;
  readonly newId: () => string;
  readonly now: () => number;
  /** A job may have work now. */
  readonly onOrdered: () => void;
}

/** Also what was put in quarantine: it goes on with other bytes. */
const editable: readonly LetterState[] = ["open", "quarantined"];

export async function startEdited(
  options: StartEditedOptions,
  { id: letterId, event, reason, requestId }: StartEdited,
  context: RequestContext,
): Promise<Result<ToldJob, ContractFailure>> {
  const { store, isEditingOn, newId, now, onOrdered } = options;
  if (!isEditingOn) return failed(invalidRequest(["Editing is off: order runs without DLQ_EDIT=on"]));
  const letter = await store.deadLetters.get(letterId);
  if (letter === undefined) return failed(deadLetterNotFound(letterId));
  const checked = encodeChecked(options, letter, event);
  if (!checked.ok) return checked;

  const [id, eventId, atMs] = [newId(), newId(), now()];
  const scope = { ids: letterId, edited: "yes" };
  const auditId = await store.audit.append({
    atMs,
    action: "replays.startEdited",
    actor: context.requestId,
    target: { job: id, letter: letterId, eventId, diff: diffOf(eventOf(letter.event), event) },
    reason,
  });
  const job = await store.replays.create(
    {
      id,
      requestId: requestId ?? context.idempotencyKey ?? context.requestId,
      name: `edited ${letterId}`,
      reason,
      actor: context.requestId,
      ratePerSecond: 1,
      canary: null,
      autoStopShare: 1,
      auditId,
      atMs,
      scope,
      edit: { value: checked.value, eventId },
    },
    { kind: "ids", ids: [letterId] },
    editable,
  );
  onOrdered();
  const known = job.id === id ? undefined : `The same request had started the replay ${job.id} before`;
  if (known !== undefined || job.endedAtMs !== null) {
    await store.audit.conclude(auditId, { atMs: now(), result: known ?? tellEnd(job) });
  }
  return success(tellJob(job));
}
