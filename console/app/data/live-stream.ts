// The one stream of a page, while somebody looks at it: pulses become the newest answer of "now", and what came makes the
// questions about it be asked again. While there is no stream, everything is asked at its own pace, as if there were none.
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import type { ArrivedLetter, LiveEvent, Pulse } from "../../../contract/live.ts";
import { orderClient } from "./order-client.ts";

interface LiveState {
  /** Whether events come. */
  readonly isLive: boolean;
  /** Dead letters that came since the page was opened, the newest first. */
  readonly letters: readonly ArrivedLetter[];
}

const askEveryMs = 3000;
const firstRetryMs = 1000;
const longestRetryMs = 15_000;
/** Bursts ask once. */
const askAgainAfterMs = 400;
const shownLetters = 12;

let state: LiveState = { isLive: false, letters: [] };
const listeners = new Set<() => void>();

function become(next: Partial<LiveState>): void {
  state = { ...state, ...next };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(subscribe, () => state);
}

/** What goes on at this moment: told by the stream, or asked while there is none. */
export function useNowTold() {
  const { isLive } = useLiveState();
  return useQuery({
    queryKey: ["now"],
    queryFn: ({ signal }) => orderClient.stats.now.query(undefined, { signal }),
    refetchInterval: isLive ? false : askEveryMs,
  });
}

/** Keeps the stream while the page is seen; once, by the frame. */
export function useLiveStream(): void {
  const queries = useQueryClient();
  useEffect(() => keepStream(queries), [queries]);
}

function keepStream(queries: QueryClient): () => void {
  const ask = createAsker(queries);
  let lastEventId: string | undefined;
  let letters = "";
  let parked = "";
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stream: { readonly unsubscribe: () => void } | undefined;

  function onPulse(pulse: Pulse): void {
    queries.setQueryData(["now"], (before: object | undefined) =>
      before === undefined ? undefined : { ...before, pulse },
    );
    const [newLetters, newParked] = [JSON.stringify(pulse.letters?.byState), JSON.stringify(pulse.parked)];
    if (letters !== "" && newLetters !== letters) ask(aboutLetters);
    if (parked !== "" && newParked !== parked) ask(aboutParked);
    [letters, parked] = [newLetters ?? "", newParked ?? ""];
  }

  function onEvent(event: LiveEvent): void {
    switch (event.kind) {
      case "pulse":
        onPulse(event.pulse);
        return;
      case "dead_letter":
        become({ letters: [event.letter, ...state.letters].slice(0, shownLetters) });
        ask(aboutLetters);
        return;
      case "replay":
        ask([...aboutReplays, ["replay", event.job.id]]);
        return;
      case "missed":
        // What was missed may be about anything.
        ask(undefined);
    }
  }

  function open(): void {
    if (stream !== undefined || document.hidden) return;
    clearTimeout(timer);
    stream = orderClient.live.events.subscribe(lastEventId === undefined ? undefined : { lastEventId }, {
      onConnectionStateChange({ state: connection }) {
        if (connection === "connecting" && state.isLive) become({ isLive: false });
      },
      onData({ id, data }) {
        lastEventId = id;
        failures = 0;
        if (!state.isLive) {
          become({ isLive: true });
          // The pulse has no name of its instance: that is asked once.
          ask([["now"]]);
        }
        onEvent(data);
      },
      // Refused, or answered by something else: another one is opened later.
      onError: again,
      onComplete: again,
    });
  }

  function again(): void {
    close();
    failures += 1;
    timer = setTimeout(open, Math.min(longestRetryMs, firstRetryMs * 2 ** (failures - 1)));
  }

  function close(): void {
    clearTimeout(timer);
    const open = stream;
    stream = undefined;
    open?.unsubscribe();
    if (state.isLive) become({ isLive: false });
  }

  const onVisibility = (): void => {
    if (document.hidden) close();
    else open();
  };
  // A browser has few connections to one host: a page that nobody sees holds none.
  document.addEventListener("visibilitychange", onVisibility);
  open();
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    close();
  };
}

type Keys = readonly (readonly string[])[];

const aboutLetters: Keys = [
  ["dead-letter-stats"],
  ["letter-counts"],
  ["groups"],
  ["letters-of"],
  // The one that is open.
  ["letter"],
];
const aboutParked: Keys = [["parked"], ["health"]];
const aboutReplays: Keys = [["replays"], ["newest-replays"], ["replay-items"], ["replay-timeline"]];

/** Makes questions be asked again, soon and once; undefined for all of them. */
function createAsker(queries: QueryClient): (keys: Keys | undefined) => void {
  let wanted = new Map<string, readonly string[]>();
  let all = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (keys) => {
    if (keys === undefined) all = true;
    for (const key of keys ?? []) wanted.set(key.join(" "), key);
    timer ??= setTimeout(() => {
      timer = undefined;
      const due = all ? [[]] : [...wanted.values()];
      wanted = new Map();
      all = false;
      for (const queryKey of due) void queries.invalidateQueries({ queryKey });
    }, askAgainAfterMs);
  };
}
