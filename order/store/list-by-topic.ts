// A page of the letters of several DLQ topics. Letters are listed topic by topic, and an index has those of one topic in their
// order: so each is asked for alone, and nothing has to be sorted to find a page far behind.
import type { DeadLetterFilter, DeadLetterPage, IndexedDeadLetter } from "./dead-letter-index.ts";
import { toKeyText } from "./key-text.ts";

type List = (page: DeadLetterPage) => Promise<readonly IndexedDeadLetter[]>;

/** `list` and `count` are asked about one topic, or about whatever else the filter names. */
export async function listByTopic(
  page: DeadLetterPage,
  list: List,
  count: (filter: DeadLetterFilter) => Promise<number>,
): Promise<readonly IndexedDeadLetter[]> {
  const { filter, limit, after, offset = 0 } = page;
  const { dlqTopics = [], text = "", header } = filter;
  // Where each letter is looked at, once through all of them is better.
  if (dlqTopics.length < 2 || text !== "" || header !== undefined) return await list(page);
  const found: IndexedDeadLetter[] = [];
  let skip = offset;
  for (const topic of inOrder(dlqTopics)) {
    if (found.length >= limit) break;
    if (after !== undefined && compare(topic, after.dlqTopic) < 0) continue;
    const own = { ...filter, dlqTopics: [topic] };
    const wanted = limit - found.length;
    const letters = await list({
      filter: own,
      limit: wanted,
      ...(after === undefined ? { offset: skip } : { after }),
    });
    found.push(...letters);
    if (letters.length < wanted && skip > 0)
      skip = letters.length > 0 ? 0 : Math.max(0, skip - (await count(own)));
  }
  return found;
}

function inOrder(topics: readonly string[]): readonly string[] {
  return [...new Set(topics)].toSorted(compare);
}

/** As the columns are compared: by their bytes. */
function compare(left: string, right: string): number {
  return Buffer.compare(Buffer.from(toKeyText(left)), Buffer.from(toKeyText(right)));
}
