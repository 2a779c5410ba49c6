import { expect, test } from "bun:test";
import { createTestClock } from "../service/test-clock.ts";
import { createCounter } from "./counter.ts";
import { createGauge, createGauges } from "./gauge.ts";
import { createHistogram } from "./histogram.ts";
import { oneOf } from "./labels.ts";
import { createMetricsPage } from "./metrics-page.ts";

test("counters, gauges and histograms are written as Prometheus reads them", async () => {
  const events = createCounter({ name: "events", help: "Events.", sets: { topic: oneOf(["orders"]) } });
  events.add({ topic: "orders" }, 3);
  const seconds = createHistogram({ name: "wait_seconds", help: "Waits.", sets: {}, bounds: [0.1, 1] });
  seconds.at({}).observe(0.05, 2);
  seconds.at({}).observe(5);
  const page = createMetricsPage(
    [
      events,
      seconds,
      createGauge("ready", "Ready.", () => true),
      createGauges("lag", "Lag.", ["group"], () => [{ labels: { group: 'a"b\n' }, value: 4 }]),
    ],
    { service: "cart" },
    createTestClock(),
  );
  expect(page.contentType).toContain("text/plain; version=0.0.4");
  expect((await page.read()).split("\n").filter((line) => line !== "")).toEqual([
    "# HELP orderwire_events_total Events.",
    "# TYPE orderwire_events_total counter",
    'orderwire_events_total{topic="orders",service="cart"} 3',
    "# HELP orderwire_wait_seconds Waits.",
    "# TYPE orderwire_wait_seconds histogram",
    'orderwire_wait_seconds_bucket{le="0.1",service="cart"} 2',
    'orderwire_wait_seconds_bucket{le="1",service="cart"} 2',
    'orderwire_wait_seconds_bucket{le="+Inf",service="cart"} 3',
    'orderwire_wait_seconds_sum{service="cart"} 5.1',
    'orderwire_wait_seconds_count{service="cart"} 3',
    "# HELP orderwire_ready Ready.",
    "# TYPE orderwire_ready gauge",
    'orderwire_ready{service="cart"} 1',
    "# HELP orderwire_lag Lag.",
    "# TYPE orderwire_lag gauge",
    String.raw`orderwire_lag{group="a\"b\n",service="cart"} 4`,
  ]);
});

test("a gauge that fails or hangs is absent, and the rest of the page is there", async () => {
  const clock = createTestClock();
  const page = createMetricsPage(
    [
      createGauge("broken", "Broken.", () => Promise.reject(new Error("the store is away"))),
      createGauge("hanging", "Hanging.", () => new Promise<number>(() => undefined)),
      createGauge("fine", "Fine.", () => 1),
    ],
    {},
    clock,
  );
  const text = page.read();
  // What answers has answered by then.
  await new Promise(setImmediate);
  clock.advance(2000);
  expect((await text).split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([
    "orderwire_fine 1",
  ]);
});
