// Numbers over time as lines or bars, drawn by uPlot in the colours of the theme. What it shows is said in words beside it: to
// those who cannot see it, the label and the legend's last values are the plot.
import "uplot/dist/uPlot.min.css";
import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import { countText } from "../../model/time-text.ts";
import type { TimeZone } from "../../model/time-text.ts";
import { useZone } from "../frame/preferences.ts";

type PlotTone = "accent" | "ok" | "warn" | "bad" | "soft";

export interface PlotSeries {
  readonly name: string;
  readonly tone: PlotTone;
  /** `dots`: a line with its values marked, for what is not always known. */
  readonly kind: "line" | "area" | "bars" | "dots";
  /** Does not lie on the others, and they not on it; such series come last. */
  readonly apart?: boolean;
  /** One for each time; null where nothing is known. */
  readonly values: readonly (number | null)[];
}

interface PlotProps {
  /** What it is of, for those who cannot see it. */
  readonly label: string;
  /** Seconds since the epoch, ascending. */
  readonly times: readonly number[];
  readonly series: readonly PlotSeries[];
  /** Each lies on the sum of those before it. */
  readonly stacked?: boolean;
  readonly height?: number;
  readonly valueText?: (value: number) => string;
}

const inks: Readonly<Record<PlotTone, string>> = {
  accent: "--accent",
  ok: "--ok",
  warn: "--warn",
  bad: "--bad",
  soft: "--line-strong",
};

export function Plot({
  label,
  times,
  series,
  stacked = false,
  height = 180,
  valueText = countText,
}: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [zone] = useZone();
  const shape = JSON.stringify([series.map(({ name, tone, kind }) => [name, tone, kind]), stacked, height]);
  const data = useMemo(
    (): uPlot.AlignedData => [[...times], ...rowsOf(series, stacked)],
    [times, series, stacked],
  );
  const latest = useRef({ data, valueText });
  latest.current = { data, valueText };

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const make = () => {
      plot.current?.destroy();
      const options = optionsOf(element, series, stacked, zone, height, (value) =>
        latest.current.valueText(value),
      );
      plot.current = new uPlot(options, latest.current.data, element);
    };
    make();
    const sizes = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    sizes.observe(element);
    // Its colours are read once: another theme is another plot.
    const themes = new MutationObserver(make);
    themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", make);
    return () => {
      sizes.disconnect();
      themes.disconnect();
      dark.removeEventListener("change", make);
      plot.current?.destroy();
      plot.current = undefined;
    };
    // `shape` is what of the series the drawing depends on; their values come by setData.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [shape, zone]);

  useEffect(() => plot.current?.setData(data), [data]);

  return (
    <figure className="plot">
      <div ref={place} className="plot-area" role="img" aria-label={label} />
      <figcaption className="plot-legend">
        {series.map(({ name, tone, values }) => (
          <span key={name} className={`plot-name ${tone}`}>
            {name} <strong>{lastOf(values, valueText)}</strong>
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

function lastOf(values: readonly (number | null)[], valueText: (value: number) => string): string {
  const last = values.findLast((value) => value !== null);
  return last === undefined || last === null ? "–" : valueText(last);
}

function rowsOf(series: readonly PlotSeries[], stacked: boolean): (number | null)[][] {
  const below: number[] = [];
  return series.map(({ values, apart = false }) =>
    values.map((value, index) => {
      if (!stacked || apart) return value;
      const sum = (below[index] ?? 0) + (value ?? 0);
      below[index] = sum;
      return value === null ? null : sum;
    }),
  );
}

function optionsOf(
  element: HTMLElement,
  series: readonly PlotSeries[],
  stacked: boolean,
  zone: TimeZone,
  height: number,
  valueText: (value: number) => string,
): uPlot.Options {
  // The canvas takes colours as they are computed, not as light-dark() names them.
  const probe = document.createElement("span");
  element.append(probe);
  const colour = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const [ink, line] = [colour("--ink-soft"), colour("--line")];
  const font = `12px ${getComputedStyle(element).fontFamily}`;
  const axis = {
    stroke: ink,
    font,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1, size: 4 },
  };
  const bars = uPlot.paths.bars?.({ size: [0.8, 40], align: 1 });
  const options: uPlot.Options = {
    width: Math.max(1, element.clientWidth),
    height,
    legend: { show: false },
    cursor: { show: false },
    select: { show: false, left: 0, top: 0, width: 0, height: 0 },
    ...(zone === "utc"
      ? { tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC") }
      : {}),
    scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
    axes: [
      { ...axis, values: axisTimes },
      { ...axis, size: 56, incrs: wholeSteps, values: (_, splits) => splits.map(valueText) },
    ],
    series: [
      {},
      ...series.map(({ name, tone, kind }): uPlot.Series => {
        const stroke = colour(inks[tone]);
        return {
          label: name,
          stroke,
          width: kind === "bars" ? 0 : 2,
          points: kind === "dots" ? { show: true, size: 5, fill: stroke, width: 0 } : { show: false },
          ...(kind === "line" || kind === "dots" ? {} : { fill: kind === "bars" ? stroke : faded(stroke) }),
          ...(kind === "bars" && bars !== undefined ? { paths: bars } : {}),
        };
      }),
    ],
    ...(stacked ? { bands: bandsOf(series) } : {}),
  };
  probe.remove();
  return options;
}

/** Between each series and the one that it lies on; the first of uPlot's series are the times. */
function bandsOf(series: readonly PlotSeries[]): uPlot.Band[] {
  const stack = series.filter(({ apart = false }) => !apart);
  return stack.slice(1).map((_, index) => ({ series: [index + 2, index + 1] }));
}

const wholeSteps = [1, 2, 5]
  .flatMap((step) => Array.from({ length: 9 }, (_, power) => step * 10 ** power))
  .toSorted((a, b) => a - b);

/** Twenty-four hours, whatever the browser's language. */
const axisTimes: uPlot.Axis.Values = [
  [86_400, "{YYYY}-{MM}-{DD}", null, null, null, null, null, null, 1],
  [60, "{HH}:{mm}", null, null, null, null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 1],
];

function faded(colour: string): string {
  return `color-mix(in srgb, ${colour} 35%, transparent)`;
}
