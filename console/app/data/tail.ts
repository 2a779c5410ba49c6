// The end of a topic while somebody looks: the newest records, how many were passed over, and whether they come. Paused, what
// comes is counted and kept as far as there is room, and shown when it goes on.
import { useEffect, useRef, useState } from "react";
import type { TailedRecord, TailEvent } from "../../../contract/topics.ts";
import { orderClient } from "./order-client.ts";
import { troubleOfQuestion, type Trouble } from "./trouble.ts";

export interface Tail {
  /** The newest first. */
  readonly records: readonly TailedRecord[];
  /** Passed over, by order or here; null when some were and nobody counted. */
  readonly passedOver: number;
  readonly isSure: boolean;
  readonly state: "connecting" | "live" | "trouble";
  readonly trouble: Trouble | undefined;
  /** That came since it was paused. */
  readonly held: number;
  readonly clear: () => void;
}

const kept = 300;
const retryMs = 3000;
/** Rows are drawn a few times a second, however many come. */
const drawEveryMs = 250;

interface Shown {
  readonly records: readonly TailedRecord[];
  readonly passedOver: number;
  readonly isSure: boolean;
}
const nothing: Shown = { records: [], passedOver: 0, isSure: true };

export function useTail(topic: string | undefined, paused: boolean): Tail {
  const [shown, setShown] = useState<Shown>(nothing);
  const [state, setState] = useState<Tail["state"]>("connecting");
  const [trouble, setTrouble] = useState<Trouble>();
  const [held, setHeld] = useState(0);
  const waiting = useRef<TailEvent[]>([]);
  const isPaused = useRef(paused);
  isPaused.current = paused;

  useEffect(() => {
    setShown(nothing);
    setTrouble(undefined);
    waiting.current = [];
    if (topic === undefined) return undefined;
    return keepTail(topic, {
      onEvent(event) {
        waiting.current.push(event);
        // Room for what a pause brings, and no more.
        if (waiting.current.length > 2 * kept) waiting.current = bounded(waiting.current);
      },
      onState(next, why) {
        setState(next);
        setTrouble(why);
      },
    });
  }, [topic]);

  useEffect(() => {
    const timer = setInterval(() => {
      if (isPaused.current) {
        setHeld(waiting.current.filter(({ kind }) => kind === "record").length);
        return;
      }
      setHeld(0);
      const events = waiting.current;
      if (events.length === 0) return;
      waiting.current = [];
      setShown((before) => withEvents(before, events));
    }, drawEveryMs);
    return () => clearInterval(timer);
  }, []);

  return { ...shown, state, trouble, held, clear: () => setShown(nothing) };
}

interface TailHandlers {
  readonly onEvent: (event: TailEvent) => void;
  readonly onState: (state: Tail["state"], trouble: Trouble | undefined) => void;
}

/** Until the answer is called; comes back by itself, where it was. */
function keepTail(topic: string, { onEvent, onState }: TailHandlers): () => void {
  let lastEventId: string | undefined;
  let stream: { readonly unsubscribe: () => void } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;

  function open(): void {
    stream = orderClient.topics.tail.subscribe(
      { topic, ...(lastEventId === undefined ? {} : { lastEventId }) },
      {
        onConnectionStateChange({ state }) {
          if (!ended && state === "connecting") onState("connecting", undefined);
          if (!ended && state === "pending") onState("live", undefined);
        },
        onData({ id, data }) {
          lastEventId = id;
          onEvent(data);
        },
        onError: (error) => again(troubleOfQuestion(error)),
        onComplete: () => again(undefined),
      },
    );
  }

  function again(trouble: Trouble | undefined): void {
    if (ended) return;
    onState(trouble === undefined ? "connecting" : "trouble", trouble);
    clearTimeout(timer);
    timer = setTimeout(open, retryMs);
  }

  onState("connecting", undefined);
  open();
  return () => {
    ended = true;
    clearTimeout(timer);
    stream?.unsubscribe();
  };
}

function bounded(events: readonly TailEvent[]): TailEvent[] {
  const over = events.length - kept;
  const lost = events
    .slice(0, over)
    .reduce((sum, event) => sum + (event.kind === "record" ? 1 : (event.count ?? 0)), 0);
  return [{ kind: "missed", count: lost }, ...events.slice(over)];
}

function withEvents(before: Shown, events: readonly TailEvent[]): Shown {
  const fresh: TailedRecord[] = [];
  let { passedOver, isSure } = before;
  for (const event of events) {
    if (event.kind === "record") fresh.push(event.record);
    else if (event.count === null) isSure = false;
    else passedOver += event.count;
  }
  return { records: [...fresh.toReversed(), ...before.records].slice(0, kept), passedOver, isSure };
}
