// Everything that a service counts, in Prometheus' text format. Nothing is worked out before somebody asks; what cannot be
// told now is absent, and the rest of the page is there all the same.
import { Gauge as Metric, type MetricType, type MetricValueWithName, Registry } from "@prometheus-io/client";
import type { Clock } from "../service/clock.ts";
import type { CounterSeries } from "./counter.ts";
import type { Gauge, GaugeSeries } from "./gauge.ts";
import type { HistogramSeries } from "./histogram.ts";
import type { LabelSets } from "./labels.ts";

interface Described {
  readonly name: string;
  readonly help: string;
}

/** As much of a family as is needed to show it. */
export type Family =
  | (Described & {
      readonly kind: "counter";
      readonly sets: LabelSets<string>;
      series(): readonly CounterSeries[];
    })
  | (Described & {
      readonly kind: "histogram";
      readonly sets: LabelSets<string>;
      readonly bounds: readonly number[];
      series(): readonly HistogramSeries[];
    })
  | Gauge;

export interface MetricsPage {
  readonly contentType: string;
  read(): Promise<string>;
}

type Value = MetricValueWithName<string>;

/** Before each name, except of those that are called alike everywhere: `process_…`. */
const prefix = "orderwire_";
/** Below the ten seconds after which Prometheus gives a scrape up. */
const readTimeoutMs = 2000;

/** `labels` are on every series. */
export function createMetricsPage(
  families: readonly Family[],
  labels: Readonly<Record<string, string>>,
  clock: Clock,
): MetricsPage {
  const registry = new Registry();
  registry.setDefaultLabels({ ...labels });
  for (const family of families) {
    const name = shownName(family);
    switch (family.kind) {
      case "counter":
        show(registry, family, name, Object.keys(family.sets), async () => family.series().map(copied));
        break;
      case "histogram":
        show(registry, family, name, Object.keys(family.sets), async () =>
          family.series().flatMap((series) => bucketsOf(name, family.bounds, series)),
        );
        break;
      case "gauge":
        show(registry, family, name, family.labelNames, async () =>
          (await readInTime(family, clock)).map(copied),
        );
    }
  }
  return { contentType: registry.contentType, read: () => registry.metrics() };
}

/** The client checks and formats; the values are ours, so that counting needs nothing of it. */
function show(
  registry: Registry,
  { kind, help }: Family,
  name: string,
  labelNames: readonly string[],
  read: () => Promise<Value[]>,
): void {
  const type: MetricType = kind;
  const metric = new Metric<string>({ name, help, labelNames, registers: [registry] });
  metric.get = async () => ({
    name,
    help,
    type,
    aggregator: "sum",
    collect: () => undefined,
    values: await read(),
  });
}

export function shownName({ kind, name }: Pick<Family, "kind" | "name">): string {
  const full = name.startsWith("process_") ? name : `${prefix}${name}`;
  return kind === "counter" ? `${full}_total` : full;
}

function copied({ labels = {}, value }: GaugeSeries): Value {
  return { labels: { ...labels }, value };
}

/** Cumulative, as Prometheus wants them. */
function bucketsOf(name: string, bounds: readonly number[], series: HistogramSeries): Value[] {
  const { labels, counts, count, sum } = series;
  let cumulative = 0;
  const buckets = bounds.map((bound, index) => {
    cumulative += counts[index] ?? 0;
    return { metricName: `${name}_bucket`, labels: { ...labels, le: String(bound) }, value: cumulative };
  });
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { ...labels, le: "+Inf" }, value: count },
    { metricName: `${name}_sum`, labels: { ...labels }, value: sum },
    { metricName: `${name}_count`, labels: { ...labels }, value: count },
  ];
}

/** A store that is away must not keep the page from being read: that is when it is looked at. */
function readInTime({ read }: Gauge, clock: Clock): Promise<readonly GaugeSeries[]> {
  return new Promise((resolve) => {
    const cancel = clock.after(readTimeoutMs, () => resolve([]));
    const settle = (series: readonly GaugeSeries[]) => {
      cancel();
      resolve(series);
    };
    Promise.resolve()
      .then(read)
      .then(settle, () => settle([]));
  });
}
