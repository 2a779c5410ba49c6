// The stations of an event in their order, each with a sign, a word and the cause. What order cannot see (cart) is not on it.
import type { DependencyHealth, OrderHealthReport } from "../../../contract/health.ts";
import { Icon } from "../parts/icon.tsx";
import { Visible } from "../parts/text.tsx";

interface Station {
  readonly name: string;
  readonly about: string;
  readonly state: "up" | "down" | "unknown" | "slow";
  readonly word: string;
  readonly cause: string | null;
}

export function PipelineStrip({ health }: { readonly health: OrderHealthReport }) {
  return (
    <ol className="pipeline">
      {stationsOf(health).map(({ name, about, state, word, cause }) => (
        <li key={name} className={`station ${state}`}>
          <span className="station-name">{name}</span>
          <span className="station-state">
            <Icon name={icons[state]} /> {word}
          </span>
          <span className="station-about">{cause === null ? about : <Visible text={cause} />}</span>
        </li>
      ))}
    </ol>
  );
}

const icons = { up: "up", down: "alert", unknown: "unknown", slow: "clock" } as const;

function stationsOf({
  broker,
  registry,
  breaker,
  store,
  deadLetterTopic,
  draining,
  stalledPartitions,
}: OrderHealthReport): readonly Station[] {
  return [
    dependency("Broker", "consumers have joined", broker),
    dependency("Schema registry", "every schema has its id", registry),
    worker({ breaker, draining, stalled: stalledPartitions.length }),
    dependency("Store", "orders and progress", store),
    dependency("Dead-letter topic", "takes what fails", deadLetterTopic),
  ];
}

function dependency(name: string, about: string, { state, cause }: DependencyHealth): Station {
  return {
    name,
    about,
    state,
    word: { up: "up", down: "down", unknown: "not known" }[state],
    cause: cause ?? (state === "unknown" ? "Not asked yet, or it cannot be told" : null),
  };
}

function worker({
  breaker,
  draining,
  stalled,
}: Pick<OrderHealthReport, "breaker" | "draining"> & { readonly stalled: number }): Station {
  const named = { name: "Worker", about: "decides and stores", cause: breaker.cause } as const;
  if (draining) return { ...named, state: "slow", word: "stopping", cause: "The service is stopping" };
  if (breaker.state === "open") return { ...named, state: "down", word: "stands still" };
  if (breaker.state === "probing") return { ...named, state: "slow", word: "tries one at a time" };
  if (stalled === 0) return { ...named, state: "up", word: "consuming" };
  const word = `${stalled} partition${stalled === 1 ? " stands" : "s stand"} still`;
  return { ...named, state: "down", word, cause: "See the list below" };
}
