// Edit and replay: one letter, another event in its place. It is the order's own, fits its schema and can be read as the worker
// would read it; then it is a replay like any other.
import { actorOf } from "../../contract/access.ts";
import { type ContractFailure, deadLetterNotFound, invalidRequest } from "../../contract/errors.ts";
import type { RequestContext } from "../../contract/ports.ts";
import type { ReplayJob as ToldJob, StartEdited } from "../../contract/replays.ts";
import { failed, type Result, success } from "../../contract/result.ts";
import { eventOf } from "../told-failure.ts";
import type { LetterState } from "./domain/replay.ts";
import { diffOf, encodeEdited } from "./edited-event.ts";
import type { Codec } from "../../schemas/codec.ts";
import type { OrderStore } from "../store/order-store.ts";
import type { RecordReader } from "../worker/record-reader.ts";
import { tellEnd, tellJob } from "./tell-replay.ts";

export interface StartEditedOptions {
  readonly store: Pick<OrderStore, "deadLetters" | "replays" | "audit">;
  readonly codec: Pick<Codec, "encode">;
  readonly reader: RecordReader;
  readonly isEditingOn: boolean;
  readonly isOurs: (topic: string) => boolean;
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
  const { store, codec, reader, isEditingOn, isOurs, newId, now, onOrdered } = options;
  if (!isEditingOn) return failed(invalidRequest(["Editing is off: order runs without DLQ_EDIT=on"]));
  const letter = await store.deadLetters.get(letterId);
  if (letter === undefined) return failed(deadLetterNotFound(letterId));
  const { original } = letter;
  if (!isOurs(original.topic) || original.key === null) {
    return failed(invalidRequest(["Only an event of an order's topic can be edited"]));
  }
  const fitted = encodeEdited(codec, original.topic, letter.event.eventType, event);
  if (!fitted.ok) return fitted;
  const encoded = fitted.value;
  if (!encoded.ok) {
    const { kind, message } = encoded.failure;
    return failed({ code: kind === "not-serialisable" ? "event_not_serialisable" : "unavailable", message });
  }
  const reading = reader.read({ ...original, value: encoded.value });
  if (reading.kind === "unresolved-schema") {
    return failed({ code: "unavailable", message: "The schema registry cannot be reached." });
  }
  if (reading.kind !== "event") return failed(invalidRequest([reading.message]));

  const [id, eventId, atMs] = [newId(), newId(), now()];
  const scope = { ids: letterId, edited: "yes" };
  const auditId = await store.audit.append({
    atMs,
    action: "replays.startEdited",
    actor: actorOf(context),
    target: { job: id, letter: letterId, eventId, diff: diffOf(eventOf(letter.event), event) },
    reason,
  });
  const job = await store.replays.create(
    {
      id,
      requestId: requestId ?? context.idempotencyKey ?? context.requestId,
      name: `edited ${letterId}`,
      reason,
      actor: actorOf(context),
      ratePerSecond: 1,
      canary: null,
      autoStopShare: 1,
      auditId,
      atMs,
      scope,
      edit: { value: encoded.value, eventId },
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
