// Whether an edited event could go in place of the one that failed: it is the order's own, fits its schema, and can be read as the
// worker would read it. Asked while somebody types, and again when it is ordered.
import { type ContractFailure, deadLetterNotFound, invalidRequest } from "../../contract/errors.ts";
import type { CheckEdited, EditedCheck } from "../../contract/replays.ts";
import { failed, type Result, success } from "../../contract/result.ts";
import type { Codec } from "../../schemas/codec.ts";
import type { IndexedDeadLetter } from "../store/dead-letter-index.ts";
import type { OrderStore } from "../store/order-store.ts";
import { eventOf } from "../told-failure.ts";
import type { RecordReader } from "../worker/record-reader.ts";
import { changesOf, encodeEdited } from "./edited-event.ts";

export interface CheckEditedOptions {
  readonly store: Pick<OrderStore, "deadLetters">;
  readonly codec: Pick<Codec, "encode">;
  readonly reader: RecordReader;
  readonly isOurs: (topic: string) => boolean;
}

/** The bytes that would be published. */
export function encodeChecked(
  { codec, reader, isOurs }: Omit<CheckEditedOptions, "store">,
  { original, event: { eventType } }: IndexedDeadLetter,
  event: unknown,
): Result<Buffer, ContractFailure> {
  if (!isOurs(original.topic)) {
    return failed(
      invalidRequest([
        "Only events on the topics of systems A and B can be edited: replay this one as it is, or discard it",
      ]),
    );
  }
  if (original.key === null) {
    return failed(
      invalidRequest(["An event without a key is no order's, so there is nothing to edit it for"]),
    );
  }
  const fitted = encodeEdited(codec, original.topic, eventType, event);
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
  return reading.kind === "event" ? success(encoded.value) : failed(invalidRequest([reading.message]));
}

const maxChanges = 200;

export async function checkEdited(
  options: CheckEditedOptions,
  { id, event }: CheckEdited,
): Promise<Result<EditedCheck, ContractFailure>> {
  const letter = await options.store.deadLetters.get(id);
  if (letter === undefined) return failed(deadLetterNotFound(id));
  const checked = encodeChecked(options, letter, event);
  if (!checked.ok && checked.failure.code === "unavailable") return checked;
  return success({
    problems: checked.ok ? [] : problemsOf(checked.failure),
    changes: changesOf(eventOf(letter.event), event).slice(0, maxChanges),
  });
}

function problemsOf({ message, problems = [] }: ContractFailure): string[] {
  return problems.length === 0 ? [message] : [...problems];
}
