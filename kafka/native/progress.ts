// Shows that a build of about a minute is alive: one line rewritten in place on a terminal, a plain line a stage
// and a quarter anywhere else (CI logs, pipes).

/** One step of a build. */
export interface Progress {
  readonly stage: string;
  /** Share of the whole work that is done, 0 to 1; never falls. */
  readonly fraction: number;
}

/** What is needed of `process.stderr`. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressDisplay {
  show(progress: Progress): void;
  /** A line that stays: on a terminal it goes above the bar. */
  note(line: string): void;
  /** Ends the rewritten line, so that what is printed next starts on its own. */
  end(): void;
}

const barWidth = 24;

export function createProgressDisplay(stream: ProgressStream, title: string): ProgressDisplay {
  return stream.isTTY === true ? terminalDisplay(stream, title) : plainDisplay(stream, title);
}

function terminalDisplay(stream: ProgressStream, title: string): ProgressDisplay {
  let line = "";
  const rewrite = (next: string): void => {
    if (next === line) return;
    line = next;
    stream.write(`\r\x1b[2K${line}`);
  };
  return {
    show({ stage, fraction }) {
      const filled = Math.round(fraction * barWidth);
      const bar = "█".repeat(filled) + "░".repeat(barWidth - filled);
      const text = `${title} ${bar} ${String(Math.floor(fraction * 100)).padStart(3)} %  ${stage}`;
      // A line that wraps could not be rewritten.
      rewrite(text.slice(0, Math.max(20, (stream.columns ?? 80) - 1)));
    },
    note(text) {
      const current = line;
      line = "";
      stream.write(`\r\x1b[2K${text}\n`);
      if (current !== "") rewrite(current);
    },
    end() {
      if (line !== "") stream.write("\n");
      line = "";
    },
  };
}

function plainDisplay(stream: ProgressStream, title: string): ProgressDisplay {
  let shown = "";
  return {
    show({ stage, fraction }) {
      // A line a stage, and one a quarter: a log that stands still for a minute looks like a hang.
      const quarter = Math.floor(fraction * 4) * 25;
      const line = `${title}: ${stage}${quarter > 0 && quarter < 100 ? `, ${quarter} %` : ""}`;
      if (line === shown) return;
      shown = line;
      stream.write(`${line}\n`);
    },
    note(text) {
      stream.write(`${text}\n`);
    },
    end() {
      shown = "";
    },
  };
}
