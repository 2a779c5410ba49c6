// A filter of dead letters in the contract's words as the index understands it.
import type { DeadLetterPageQuery } from "../contract/dead-letters.ts";
import type { DeadLetterFilter } from "./store/dead-letter-index.ts";

type ToldFilter = Omit<DeadLetterPageQuery, "limit" | "offset" | "cursor">;

export function letterFilterOf(told: ToldFilter, ordersDlqTopic: string): DeadLetterFilter {
  const { topic, errorType, category, reason, orderId, state, fingerprint, text, header, from, until } = told;
  return {
    ...(topic === undefined ? {} : { topic }),
    ...dlqTopicsOf(told, ordersDlqTopic),
    ...(errorType === undefined ? {} : { errorType }),
    ...(category === undefined ? {} : { category }),
    ...(reason === undefined ? {} : { reason }),
    ...(orderId === undefined ? {} : { orderId }),
    ...(state === undefined ? {} : { state }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(text === undefined ? {} : { text }),
    ...(header === undefined ? {} : { header: readHeader(header) }),
    ...(from === undefined ? {} : { fromMs: Date.parse(from) }),
    ...(until === undefined ? {} : { untilMs: Date.parse(until) }),
  };
}

/** `name=value`; a name has no `=`. */
function readHeader(text: string): Exclude<DeadLetterFilter["header"], undefined> {
  const end = text.indexOf("=");
  return { name: text.slice(0, end), value: text.slice(end + 1) };
}

function dlqTopicsOf(
  { deadLetterTopic, queue }: ToldFilter,
  ordersDlqTopic: string,
): Pick<DeadLetterFilter, "dlqTopics"> {
  if (deadLetterTopic === undefined && queue === undefined) return {};
  const asked = deadLetterTopic ?? ordersDlqTopic;
  if (asked !== ordersDlqTopic) return { dlqTopics: queue === undefined ? [asked] : [] };
  return { dlqTopics: ["", ordersDlqTopic] };
}
