// What is asked again and again while somebody looks: few small questions, each with its own pace. A hidden page asks nothing.
import { useQuery } from "@tanstack/react-query";
import { readHealth, readOrderCount } from "./health.ts";
import { orderClient } from "./order-client.ts";

/** The heartbeat: when it fails, order is away. */
const healthEveryMs = 3000;
const countsEveryMs = 5000;

export function useHealth() {
  return useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => readHealth(signal),
    refetchInterval: healthEveryMs,
  });
}

export function useOrderCount() {
  return useQuery({
    queryKey: ["order-count"],
    queryFn: ({ signal }) => readOrderCount(signal),
    refetchInterval: countsEveryMs,
  });
}

export function useDeadLetterStats() {
  return useQuery({
    queryKey: ["dead-letter-stats"],
    queryFn: ({ signal }) => orderClient.dlq.stats.query(undefined, { signal }),
    refetchInterval: countsEveryMs,
  });
}

export function useDeadLetterInfo() {
  return useQuery({
    queryKey: ["dead-letter-info"],
    queryFn: ({ signal }) => orderClient.dlq.info.query(undefined, { signal }),
    staleTime: 60_000,
  });
}
