// Groups, counts and jobs, asked again at the pace at which they change while somebody looks.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { LetterScope } from "../../../contract/replays.ts";
import { travelsAlone } from "../../../contract/client.ts";
import { orderClient } from "./order-client.ts";

const groupsEveryMs = 5000;
const jobEveryMs = 1000;
const listEveryMs = 3000;
const pageLength = 50;

export function useGroups() {
  return useQuery({
    queryKey: ["groups"],
    queryFn: ({ signal }) => orderClient.dlq.groups.query(undefined, { signal }),
    refetchInterval: groupsEveryMs,
  });
}

export function useLetterCounts() {
  return useQuery({
    queryKey: ["letter-counts"],
    queryFn: ({ signal }) => orderClient.dlq.counts.query(undefined, { signal }),
    refetchInterval: groupsEveryMs,
  });
}

/** The newest ones, for who only counts those that run. */
export function useNewestReplays() {
  return useQuery({
    queryKey: ["newest-replays"],
    queryFn: ({ signal }) => orderClient.replays.list.query({ limit: pageLength }, { signal }),
    refetchInterval: groupsEveryMs,
  });
}

export function useReplays() {
  return useInfiniteQuery({
    queryKey: ["replays"],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      orderClient.replays.list.query(
        { limit: pageLength, ...(pageParam === "" ? {} : { cursor: pageParam }) },
        { signal },
      ),
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: listEveryMs,
  });
}

/** Asked until it has ended. */
export function useReplay(id: string) {
  return useQuery({
    queryKey: ["replay", id],
    queryFn: ({ signal }) => orderClient.replays.get.query({ id }, { signal }),
    refetchInterval: ({ state }) => (isOver(state.data) ? false : jobEveryMs),
  });
}

/** Counting a large job takes order a while, so it is asked for less often. */
const largeJob = 20_000;

export function useReplayTimeline(id: string, ended: boolean, total: number) {
  return useQuery({
    queryKey: ["replay-timeline", id, ended],
    queryFn: ({ signal }) => orderClient.replays.timeline.query({ id }, { signal }),
    refetchInterval: ended ? false : (total > largeJob ? 5 : 2) * jobEveryMs,
    placeholderData: (before) => before,
  });
}

type ItemState = Parameters<typeof orderClient.replays.items.query>[0]["state"];

export function useReplayItems(
  id: string,
  state: Exclude<ItemState, undefined>,
  count: number,
  ended: boolean,
) {
  return useInfiniteQuery({
    queryKey: ["replay-items", id, state, ended ? count : undefined],
    initialPageParam: 0,
    queryFn: ({ pageParam, signal }) =>
      orderClient.replays.items.query({ id, state, limit: pageLength, after: pageParam }, { signal }),
    getNextPageParam: (page) => page.nextAfter,
    refetchInterval: ended ? false : listEveryMs,
    placeholderData: (before) => before,
  });
}

/** What would become of the scope, looked at once for each `asOfMs`. */
export function useDryRun(scope: LetterScope | undefined, force: boolean, asOfMs: number) {
  return useQuery({
    queryKey: ["dry-run", scope, force, asOfMs],
    enabled: scope !== undefined,
    queryFn: ({ signal }) => {
      if (scope === undefined) throw new Error("nothing is asked about");
      return orderClient.replays.preview.query({ scope, force }, { signal, ...travelsAlone });
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
}

function isOver(job: { readonly endedAt: string | null } | undefined): boolean {
  return job !== undefined && job.endedAt !== null;
}
