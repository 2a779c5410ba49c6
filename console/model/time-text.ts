// Instants and spans for people. Nothing here reads a clock: now is an argument.

export type TimeZone = "utc" | "local";

const two = (value: number) => String(value).padStart(2, "0");

interface Fields {
  readonly date: string;
  readonly time: string;
  readonly millis: string;
  readonly zone: string;
}

function fieldsOf(ms: number, zone: TimeZone): Fields | undefined {
  const instant = new Date(ms);
  if (Number.isNaN(instant.getTime())) return undefined;
  // A local time is a UTC time that is as far away as the zone's offset was then.
  const offsetMinutes = zone === "utc" ? 0 : -instant.getTimezoneOffset();
  const shown = new Date(ms + offsetMinutes * 60_000);
  return {
    date: shown.toISOString().slice(0, -14),
    time: shown.toISOString().slice(-13, -5),
    millis: shown.toISOString().slice(-4, -1),
    zone: zone === "utc" ? "UTC" : offsetText(offsetMinutes),
  };
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "−" : "+"}${two(Math.trunc(size / 60))}:${two(size % 60)}`;
}

/** `2026-03-02 09:30:07.200 UTC` */
export function fullInstant(iso: string, zone: TimeZone): string {
  const fields = fieldsOf(Date.parse(iso), zone);
  return fields === undefined ? iso : `${fields.date} ${fields.time}.${fields.millis} ${fields.zone}`;
}

/** For a column: the date only when it is not today's. */
export function shortInstant(iso: string, zone: TimeZone, nowMs: number): string {
  const fields = fieldsOf(Date.parse(iso), zone);
  if (fields === undefined) return iso;
  const today = fieldsOf(nowMs, zone)?.date === fields.date;
  return today ? `${fields.time}.${fields.millis}` : `${fields.date} ${fields.time}`;
}

/** `09:30:07 UTC` */
export function clockTime(ms: number, zone: TimeZone): string {
  const fields = fieldsOf(ms, zone);
  return fields === undefined ? "" : `${fields.time} ${fields.zone}`;
}

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

/** Two units at most: `3 d 4 h`, `12 min 5 s`, `840 ms`. Negative spans count as none. */
export function spanText(ms: number): string {
  const span = Math.max(0, ms);
  if (span < 1000) return `${Math.round(span)} ms`;
  const first = units.findIndex(([, size]) => span >= size);
  const [name, size] = units[first] ?? ["s", 1000];
  const rest = units[first + 1];
  const whole = `${Math.floor(span / size)} ${name}`;
  const left = rest === undefined ? 0 : Math.floor((span % size) / rest[1]);
  return rest === undefined || left === 0 ? whole : `${whole} ${left} ${rest[0]}`;
}

/** How old a number is, in whole seconds at first: `now`, `12 s ago`. */
export function ageText(ms: number): string {
  if (ms < 1000) return "now";
  const [name, size] = units.find(([, size]) => ms >= size) ?? ["s", 1000];
  return `${Math.floor(ms / size)} ${name} ago`;
}

const sizes = ["B", "KiB", "MiB", "GiB"] as const;

export function sizeText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(3, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${sizes[power]}`;
}

/** With narrow spaces between thousands, in any language. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, "\u202f");
}

/** `1 message`, `2 messages`. */
export function counted(count: number, noun: string, nouns = `${noun}s`): string {
  return `${countText(count)} ${count === 1 ? noun : nouns}`;
}
