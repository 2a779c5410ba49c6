// Log lines that machines and people can read: one JSON object a line, or a coloured sentence on a terminal.
// Control characters are escaped, so no value can forge a line; secrets are masked, wherever in a value they stand; and no
// value is longer than what a cause needs.
import { redactText, isSecretName } from "./redaction.ts";

/**
 * Values that may appear in a log line: ids and measures, never payloads or secrets. An order is `orderId`, a request
 * `requestId`, a trace `traceId`, so that lines of both services can be put side by side.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** One event, one line. `message` is a constant sentence; what varies goes into `fields`. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose every line carries `fields` as well. */
  child(fields: LogFields): Logger;
}

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: "json" | "pretty";
  /** Receives each line with its line feed. Default: standard error. */
  readonly write?: (line: string) => void;
  readonly now?: () => Date;
}

export function createLogger(options: LoggerOptions, fields: LogFields = {}): Logger {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const now = options.now ?? (() => new Date());
  const threshold = logLevels.indexOf(options.level);
  const formatLine = options.format === "json" ? jsonLine : prettyLine;

  const log = (level: LogLevel) => (message: string, extra?: LogFields) => {
    if (logLevels.indexOf(level) < threshold) return;
    write(formatLine(now(), level, message, redacted({ ...fields, ...extra })));
  };
  return {
    debug: log("debug"),
    info: log("info"),
    warn: log("warn"),
    error: log("error"),
    child: (more) => createLogger(options, { ...fields, ...more }),
  };
}

function jsonLine(at: Date, level: LogLevel, message: string, fields: LogFields): string {
  return `${escapeControls(JSON.stringify({ time: at.toISOString(), level, message, ...fields }))}\n`;
}

const colours: Record<LogLevel, string> = {
  debug: "\u001b[2m",
  info: "\u001b[36m",
  warn: "\u001b[33m",
  error: "\u001b[31m",
};

function prettyLine(at: Date, level: LogLevel, message: string, fields: LogFields): string {
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${typeof value === "string" ? escapeControls(value) : String(value)}`)
    .join("");
  const time = at.toISOString().slice(11, 23);
  return `${time} ${colours[level]}${level.padEnd(5)}\u001b[0m ${escapeControls(message)}\u001b[2m${details}\u001b[0m\n`;
}

// JSON.stringify escapes C0 only; DEL, C1 and the line separators can still break a terminal or a line reader.
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

function escapeControls(text: string): string {
  return text.replace(controls, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A stack fits; a payload that got into an error's text does not. */
const maxValueLength = 4000;
/** Looked at beyond that, so that no secret is cut into what is not recognised as one. */
const lookAhead = 600;

function redacted(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (typeof value !== "string") return [name, value];
      if (isSecretName(name)) return [name, "***"];
      const text = redactText(value.slice(0, maxValueLength + lookAhead));
      return [name, value.length > maxValueLength ? `${text.slice(0, maxValueLength)}…` : text];
    }),
  );
}
