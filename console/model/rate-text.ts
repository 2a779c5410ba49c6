// Rates and durations in the few characters that a tile has. Pure.
import { countText } from "./time-text.ts";

/** Of events a second: `0`, `0.4/s`, `12/s`, `240/s`. */
export function perSecondText(events: number, seconds: number): string {
  if (seconds <= 0 || events === 0) return "0/s";
  const rate = events / seconds;
  if (rate < 0.1) return "<0.1/s";
  return rate < 10 ? `${trimmed(rate)}/s` : `${countText(Math.round(rate))}/s`;
}

/** Of milliseconds: `9 ms`, `1.2 s`, `2 min`. */
export function latencyText(ms: number | null): string {
  if (ms === null) return "–";
  if (ms < 1000) return `${ms < 10 ? trimmed(ms) : Math.round(ms)} ms`;
  if (ms < 120_000) return `${trimmed(ms / 1000)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}
