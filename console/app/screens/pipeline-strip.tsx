// The way of an event, station by station: how many pass, what waits, and a sign, a word and a cause where something is away.
// order does not see cart itself, only what it writes.
import type { DependencyHealth, OrderHealthReport } from "../../../contract/health.ts";
import type { Pulse } from "../../../contract/live.ts";
import { perSecondText } from "../../model/rate-text.ts";
import { countText } from "../../model/time-text.ts";
import { useNowTold } from "../data/live-stream.ts";
import { Icon } from "../parts/icon.tsx";
import { Visible } from "../parts/text.tsx";

interface Station {
  readonly name: string;
  readonly about: string;
  /** `outside`: order cannot tell. */
  readonly state: "up" | "down" | "unknown" | "slow" | "outside";
  readonly word: string;
  readonly cause: string | null;
  readonly rate: string;
}

/** Of the last minute: a second is too short to be read. */
const rateSeconds = 60;

export function PipelineStrip({ health }: { readonly health: OrderHealthReport }) {
  const now = useNowTold();
  return (
    <ol className="pipeline">
      {stationsOf(health, now.data?.pulse).map(({ name, about, state, word, cause, rate }) => (
        <li key={name} className={`station ${state}`}>
          <span className="station-name">{name}</span>
          <span className="station-rate">{rate}</span>
          <span className="station-state">
            {state !== "outside" && <Icon name={icons[state]} />} {word}
          </span>
          <span className="station-about">{cause === null ? about : <Visible text={cause} />}</span>
        </li>
      ))}
    </ol>
  );
}

const icons = { up: "up", down: "alert", unknown: "unknown", slow: "clock" } as const;

function stationsOf(health: OrderHealthReport, pulse: Pulse | undefined): readonly Station[] {
  const minute = pulse?.minute;
  const rate = (count: number | undefined) => (count === undefined ? "–" : perSecondText(count, rateSeconds));
  const worked = minute === undefined ? undefined : minute.stored + minute.retried + minute.dead;
  const lag = pulse?.lag;
  const open = pulse?.letters?.byState.open;
  return [
    {
      name: "cart",
      about: "accepts, and writes to the topics",
      state: "outside",
      word: "as its records show",
      cause: null,
      rate: rate(minute?.accepted),
    },
    {
      ...dependency("Topics", "consumers have joined", health.broker),
      rate: lag === undefined || lag === null ? "lag –" : `lag ${countText(lag)}`,
    },
    { ...worker(health), rate: rate(worked) },
    { ...dependency("Store", "orders and progress", health.store), rate: rate(minute?.stored) },
    {
      ...dependency("DLQ", deadText(open), health.deadLetterTopic),
      rate: rate(minute?.dead),
    },
  ];
}

function deadText(open: number | undefined): string {
  return open === undefined ? "takes what fails" : `${countText(open)} open`;
}

function dependency(name: string, about: string, { state, cause }: DependencyHealth): Omit<Station, "rate"> {
  return {
    name,
    about,
    state,
    word: { up: "up", down: "down", unknown: "not known" }[state],
    cause: cause ?? (state === "unknown" ? "Not asked yet, or it cannot be told" : null),
  };
}

/** What it cannot go on without beside the store and the broker is the registry. */
function worker({
  breaker,
  draining,
  registry,
  stalledPartitions: { length: stalled },
}: OrderHealthReport): Omit<Station, "rate"> {
  const named = { name: "order", about: "decides and stores", cause: breaker.cause } as const;
  if (draining) return { ...named, state: "slow", word: "stopping", cause: "The service is stopping" };
  if (breaker.state === "open") return { ...named, state: "down", word: "stands still" };
  if (stalled > 0) {
    const word = `${stalled} partition${stalled === 1 ? " stands" : "s stand"} still`;
    return { ...named, state: "down", word, cause: "See the list below" };
  }
  if (breaker.state === "probing") return { ...named, state: "slow", word: "tries one at a time" };
  if (registry.state === "down") {
    return { ...named, state: "slow", word: "registry down", cause: registry.cause };
  }
  return { ...named, state: "up", word: "consuming" };
}
