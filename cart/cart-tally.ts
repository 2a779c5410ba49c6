// What cart counts: one object that its rooms write and `/metrics` reads. Since the process began.
import type { Publisher } from "../kafka/publisher.ts";
import { systemClock } from "../service/clock.ts";
import { createGauge } from "../telemetry/gauge.ts";
import { createHttpTally, type HttpTally } from "../telemetry/http-tally.ts";
import { createMetricsPage, type Family, type MetricsPage } from "../telemetry/metrics-page.ts";
import { createPublishTally, type PublishTally } from "../telemetry/publish-tally.ts";
import { createRegistryTally, type RegistryTally } from "../telemetry/registry-tally.ts";

export interface CartTally {
  readonly http: HttpTally;
  readonly publish: PublishTally;
  readonly registry: RegistryTally;
}

/** `topics`: those that cart publishes to. */
export function createCartTally(topics: readonly string[]): CartTally {
  return {
    http: createHttpTally(),
    publish: createPublishTally(topics),
    registry: createRegistryTally(),
  };
}

export interface CartNow {
  readonly publisher: Pick<Publisher, "connected" | "inFlight">;
  readonly ready: () => Promise<boolean>;
}

/** `process`: what the process tells of itself. */
export function createCartPage(tally: CartTally, now: CartNow, process: readonly Family[]): MetricsPage {
  const { http, publish, registry } = tally;
  const families = [
    http.requests,
    http.requestSeconds,
    http.inFlight,
    http.calls,
    http.procedureSeconds,
    publish.records,
    publish.seconds,
    createGauge(
      "publish_in_flight",
      "Records without an answer of the broker.",
      () => now.publisher.inFlight,
    ),
    createGauge("broker_connected", "1 while a Kafka broker answers.", () => now.publisher.connected),
    registry.calls,
    registry.seconds,
    createGauge("ready", "What /health/ready answers: 1 while work may be sent here.", async () =>
      Number(await now.ready()),
    ),
    ...process,
  ];
  return createMetricsPage(families, { service: "cart" }, systemClock);
}
