// `bun run bench -- consume|replay|dlq [--events N] [--rounds N] [--store postgres|sqlite|both] [--json]`
import { parseArgs } from "node:util";
import { missingTools } from "../test/parts/machine.ts";
import { benchDeadLetters } from "./dead-letters.ts";
import { benchReplay } from "./replay.ts";
import { benchConsume } from "./consume.ts";
import type { StoreKind } from "./databases.ts";
import { describeMachine, summarise, toTable } from "./report.ts";

const usage =
  "bun run bench -- consume|replay|dlq [--events N] [--rounds N] [--store postgres|sqlite|both] [--json]";
const stores: Readonly<Record<string, readonly StoreKind[]>> = {
  postgres: ["postgres"],
  sqlite: ["sqlite-file", "sqlite-memory"],
  both: ["postgres", "sqlite-file", "sqlite-memory"],
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: "string" },
    rounds: { type: "string", default: "3" },
    store: { type: "string", default: "both" },
    json: { type: "boolean", default: false },
  },
});
const what = positionals.join(" ");
const [events, rounds] = [
  Number(values.events ?? (what === "consume" ? 300_000 : 100_000)),
  Number(values.rounds),
];
const chosen = stores[values.store];
const isCount = (value: number) => Number.isInteger(value) && value > 0;
if (
  !["consume", "replay", "dlq"].includes(what) ||
  !isCount(events) ||
  !isCount(rounds) ||
  chosen === undefined
)
  fail([usage]);
const isServed = process.env["KAFKA_BROKERS"] !== undefined;
const missing = isServed ? [] : missingTools();
if (missing.length > 0) fail(missing);

if (what !== "consume") {
  // A store in memory belongs to one process and to one connection: nobody runs an operator's console over one that counts.
  const durable = chosen.filter((store) => store !== "sqlite-memory");
  const rows = what === "dlq" ? await benchDeadLetters(events, durable) : await benchReplay(events, durable);
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ events, machine: describeMachine(), rows }, null, 2)}\n`
      : `${rowsText(rows)}\n`,
  );
  process.exit(0);
}

const results = await benchConsume({ events, rounds, stores: chosen });
const summaries = summarise(results);
const machine = describeMachine();
if (values.json) {
  process.stdout.write(`${JSON.stringify({ events, rounds, machine, summaries }, null, 2)}\n`);
} else {
  const { cpu, cores, memoryGb, load, platform, bun, kafkaJavascript } = machine;
  process.stdout.write(`${toTable(summaries)}

${events.toLocaleString("en")} events: 70 % creates of three lines, 30 % updates; the median of ${rounds} rounds
${cpu}, ${cores} cores for clients and servers together, load ${load.toFixed(1)}, ${memoryGb} GB, ${platform}
Bun ${bun}, kafka-javascript ${kafkaJavascript}
`);
}
process.exit(0);

function rowsText(rows: readonly object[]): string {
  return rows
    .map((row) =>
      Object.values(row)
        .map((value) => (typeof value === "number" ? value.toFixed(1) : String(value)).padEnd(24))
        .join(" "),
    )
    .join("\n");
}

function fail(lines: readonly string[]): never {
  process.stderr.write(`${lines.join("\n")}\n`);
  process.exit(1);
}
