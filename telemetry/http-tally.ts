// Requests, errors and durations of what a service serves: by route, whatever protocol was spoken, and by procedure.
// Satisfies the contract's `ServingObserver`. Series are looked up once: what is counted for each request is numbers.
import type { ServingObserver } from "../contract/http/serving.ts";
import { type Counter, type CounterCell, createCounter } from "./counter.ts";
import { createGauge, type Gauge } from "./gauge.ts";
import { callSeconds, createHistogram, type Histogram, type Observer } from "./histogram.ts";
import { firstOf, oneOf, other } from "./labels.ts";

export interface HttpTally extends ServingObserver {
  readonly requests: Counter<"method" | "route" | "status">;
  readonly requestSeconds: Histogram<"method" | "route">;
  readonly inFlight: Gauge;
  readonly calls: Counter<"procedure" | "code">;
  readonly procedureSeconds: Histogram<"procedure">;
}

/** What is counted of a route's method, or of a procedure. */
interface Watched {
  readonly seconds: Observer;
  /** By status or code; those that have happened. */
  readonly ends: Map<number | string, CounterCell>;
}

const methods = oneOf(["GET", "HEAD", "POST", "PUT", "OPTIONS"]);
const statuses = oneOf(
  [200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 408, 413, 415, 421, 422, 429, 500, 503].map(String),
);
// Routes, procedures and codes are the contract's own; there are fewer.
const maxRoutes = 150;
const maxProcedures = 100;
const maxCodes = 30;

export function createHttpTally(): HttpTally {
  const routes = firstOf(maxRoutes);
  const procedures = firstOf(maxProcedures);
  let running = 0;
  const requests = createCounter({
    name: "http_requests",
    help: "Answered HTTP requests, by the route's template; what matches none is other.",
    sets: { method: methods, route: routes, status: statuses },
    startsAtZero: false,
  });
  const requestSeconds = createHistogram({
    name: "http_request_duration_seconds",
    help: "From a request's head to its answer's; of streams, their beginning.",
    sets: { method: methods, route: routes },
    bounds: callSeconds,
  });
  const calls = createCounter({
    name: "procedure_calls",
    help: "Calls of the contract's procedures by any protocol; code is ok or one of the error table.",
    sets: { procedure: procedures, code: firstOf(maxCodes) },
    startsAtZero: false,
  });
  const procedureSeconds = createHistogram({
    name: "procedure_duration_seconds",
    help: "Duration of a procedure, also when its caller was answered before its end.",
    sets: { procedure: procedures },
    bounds: callSeconds,
  });

  const watchedRoutes = new Map<string, Map<string, Watched>>();
  const watchedProcedures = new Map<string, Watched>();

  function watchedRoute(sentMethod: string, route: string): Watched {
    // Methods are what clients make up.
    const method = methods.admits(sentMethod) ? sentMethod : other;
    const byMethod = found(watchedRoutes, route, () => new Map<string, Watched>());
    return found(byMethod, method, () => ({
      seconds: requestSeconds.at({ method, route }),
      ends: new Map(),
    }));
  }

  return {
    requests,
    requestSeconds,
    calls,
    procedureSeconds,
    inFlight: createGauge("http_requests_in_flight", "HTTP requests without an answer.", () => running),
    onRequest(method, route) {
      const watched = watchedRoute(method, route);
      running += 1;
      return {
        end(status, durationMs) {
          running -= 1;
          watched.seconds.observe(durationMs / 1000);
          found(watched.ends, status, () => requests.at({ method, route, status: String(status) })).add();
        },
      };
    },
    onCall(procedure, code, durationMs) {
      const watched = found(watchedProcedures, procedure, () => ({
        seconds: procedureSeconds.at({ procedure }),
        ends: new Map(),
      }));
      watched.seconds.observe(durationMs / 1000);
      found(watched.ends, code, () => calls.at({ procedure, code })).add();
    },
  };
}

function found<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
