// The dead letters that match a search, page by page in topic order. A row keeps what a table shows: payloads stay on the
// server until one is opened, so a hundred thousand rows fit.
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { travelsAlone } from "../../../contract/client.ts";
import type { DeadLetter } from "../../../contract/dead-letters.ts";
import { cutText } from "../../model/visible-characters.ts";
import type { LetterSearch } from "../../model/search-syntax.ts";
import { orderClient } from "./order-client.ts";

export interface LetterRow {
  readonly id: string;
  readonly orderId: string | null;
  readonly eventType: string | null;
  readonly errorType: string;
  /** At most 300 characters. */
  readonly errorMessage: string;
  readonly errorCategory: DeadLetter["errorCategory"];
  readonly reason: string;
  readonly attempts: number;
  readonly lastFailureAt: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly sizeBytes: number | null;
  readonly state: DeadLetter["state"];
}

export interface LetterPage {
  readonly rows: readonly LetterRow[];
  readonly nextCursor: string | undefined;
}

/** The first page is small, because somebody waits for it. */
const firstPage = 100;
export const laterPages = 500;
const shownMessage = 300;

/** `asOfMs` is when the list was asked for: another one is another list. */
export function useLetterPages(search: LetterSearch, asOfMs: number, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: ["letters", search, asOfMs],
    enabled,
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => readLetterPage(search, pageParam, signal),
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 10 * 60_000,
  });
}

/** How many match, as the server counts them. */
export function useLetterCount(search: LetterSearch, asOfMs: number, enabled: boolean) {
  return useQuery({
    queryKey: ["letter-count", search, asOfMs],
    enabled,
    queryFn: ({ signal }) => orderClient.dlq.count.query(search, { signal, ...travelsAlone }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

async function readLetterPage(
  search: LetterSearch,
  cursor: string,
  signal: AbortSignal,
): Promise<LetterPage> {
  const { deadLetters, nextCursor } = await orderClient.dlq.list.query(pageQuery(search, cursor), { signal });
  return { rows: deadLetters.map(rowOf), nextCursor };
}

/** The same question gives the same page, so that an export can ask for exactly the pages that a table has. */
export function pageQuery(search: LetterSearch, cursor: string) {
  return cursor === "" ? { ...search, limit: firstPage } : { ...search, limit: laterPages, cursor };
}

function rowOf(letter: DeadLetter): LetterRow {
  return {
    id: letter.id,
    orderId: letter.orderId,
    eventType: letter.eventType,
    errorType: letter.errorType,
    errorMessage: cutText(letter.errorMessage, shownMessage).text,
    errorCategory: letter.errorCategory,
    reason: letter.reason,
    attempts: letter.attempts,
    lastFailureAt: letter.lastFailureAt,
    topic: letter.originalTopic,
    partition: letter.originalPartition,
    offset: letter.originalOffset,
    sizeBytes: letter.sizeBytes,
    state: letter.state,
  };
}
