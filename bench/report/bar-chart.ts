// A chart of horizontal bars as SVG: the median as the bar, the rounds' least and most as a line over it. Its colours follow
// the reader's scheme, light or dark, also where a page only shows it as an image.
import { median, toText } from "./table.ts";

export interface Bar {
  readonly name: string;
  /** A value for each round. */
  readonly values: readonly number[];
  /** `ours` stands out; `limit` is what ours is measured against. */
  readonly kind: "ours" | "limit" | "peer";
}

export interface BarChart {
  readonly title: string;
  readonly decimals: number;
  readonly groups: readonly { readonly name: string; readonly bars: readonly Bar[] }[];
}

const width = 760;
const nameWidth = 330;
const valueWidth = 80;
const barHeight = 16;
const barGap = 6;
const groupGap = 14;
const headHeight = 34;

const style = `text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-size:14px;font-weight:600}.group{font-weight:600}
.ours{fill:#0969da}.limit{fill:#afb8c1}.peer{fill:#d4a72c}.range{stroke:#1f2328;stroke-width:1}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.ours{fill:#4493f8}.limit{fill:#656c76}.peer{fill:#bb8009}.range{stroke:#e6edf3}}`;

export function barChart({ title, decimals, groups }: BarChart): string {
  const most = Math.max(...groups.flatMap(({ bars }) => bars.flatMap(({ values }) => values)));
  const xOf = (value: number) => nameWidth + (value / most) * (width - nameWidth - valueWidth);
  const lines: string[] = [];
  let y = headHeight;
  for (const { name, bars } of groups) {
    if (name !== "") {
      lines.push(`<text class="group" x="8" y="${y + 12}">${escapeXml(name)}</text>`);
      y += barHeight + barGap;
    }
    for (const bar of bars) {
      lines.push(...barLines(bar, y, xOf, decimals));
      y += barHeight + barGap;
    }
    y += groupGap;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img" aria-label="${escapeXml(title)}">`,
    `<style>${style}</style>`,
    `<text class="title" x="8" y="20">${escapeXml(title)}</text>`,
    ...lines,
    "</svg>",
    "",
  ].join("\n");
}

function barLines(
  { name, values, kind }: Bar,
  y: number,
  xOf: (value: number) => number,
  decimals: number,
): readonly string[] {
  const value = median(values);
  const [from, to, least, most] = [0, value, Math.min(...values), Math.max(...values)].map((at) =>
    xOf(at).toFixed(1),
  );
  const middle = y + barHeight / 2;
  const range = `<path class="range" d="M${least} ${middle}H${most}M${least} ${middle - 3}v6M${most} ${middle - 3}v6"/>`;
  return [
    `<text x="${nameWidth - 8}" y="${y + 12}" text-anchor="end">${escapeXml(name)}</text>`,
    `<rect class="${kind}" x="${from}" y="${y}" width="${(Number(to) - Number(from)).toFixed(1)}" height="${barHeight}" rx="2"/>`,
    ...(values.length > 1 ? [range] : []),
    `<text x="${(xOf(Math.max(value, ...values)) + 6).toFixed(1)}" y="${y + 12}">${toText(value, decimals)}</text>`,
  ];
}

function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
