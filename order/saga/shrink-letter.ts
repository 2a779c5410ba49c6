// A dead letter that its topic refuses for its size, made smaller: what people only read goes first, the event's bytes last,
// of which size and SHA-256 remain. No dead letter may stand in the way of the results behind it.
import { createHash } from "node:crypto";
import type { Codec } from "../../schemas/codec.ts";
import type { DeadLetter } from "../../schemas/events.ts";
import type { QueuedMessage } from "./message-queue.ts";

/** The same message in the next smaller form; undefined when nothing can be left out. */
export type ShrinkMessage = (message: QueuedMessage) => QueuedMessage | undefined;

export function createLetterShrinker(
  codec: Pick<Codec, "decode" | "encode">,
  dlqTopic: string,
): ShrinkMessage {
  return (message) => {
    if (message.topic !== dlqTopic) return undefined;
    const decoded = codec.decode(dlqTopic, message.value);
    if (!decoded.ok || decoded.value.name !== "DeadLetter") return undefined;
    const smaller = shrink(decoded.value.event);
    if (smaller === undefined) return undefined;
    const encoded = codec.encode(dlqTopic, "DeadLetter", smaller.letter);
    if (!encoded.ok) return undefined;
    const omitted = ["dlq-omitted", Buffer.from(smaller.omits)] as const;
    return { ...message, value: encoded.value, headers: [...message.headers, omitted] };
  };
}

function shrink(letter: DeadLetter): { readonly letter: DeadLetter; readonly omits: string } | undefined {
  if (letter.originalMessage !== null) return { letter: { ...letter, originalMessage: null }, omits: "text" };
  if (letter.originalHeaders.length > 0)
    return { letter: { ...letter, originalHeaders: [] }, omits: "headers" };
  const { originalValue: value } = letter;
  if (value === null) return undefined;
  const originalValueSha256 = createHash("sha256").update(value).digest("hex");
  const digest = { originalValue: null, originalValueSize: value.length, originalValueSha256 };
  return { letter: { ...letter, ...digest }, omits: "value" };
}
