// `bun run bench -- consume …`, `saga …`, `replay …` and `dlq …`
import { parseArgs } from "node:util";
import { missingTools } from "../test/parts/machine.ts";
import { benchDeadLetters } from "./dead-letters.ts";
import { benchReplay } from "./replay.ts";
import { benchKilledReplay } from "./replay-killed.ts";
import { benchConsume } from "./consume.ts";
import type { StoreKind } from "./databases.ts";
import { describeMachine, type Machine, summarise, toTable } from "./report.ts";
import { benchSaga } from "./saga.ts";
import { toSagaTables } from "./saga-report.ts";

const usage = [
  "bun run bench -- consume [--events N] [--rounds N] [--store postgres|sqlite|both] [--json]",
  "bun run bench -- saga [--orders N] [--rounds N] [--only <text of a case's name>] [--json]",
  "bun run bench -- replay [--kill] [--letters N] [--store postgres|sqlite|both] [--json]",
  "bun run bench -- dlq [--letters N] [--store postgres|sqlite|both] [--json]",
];
const stores: Readonly<Record<string, readonly StoreKind[]>> = {
  postgres: ["postgres"],
  sqlite: ["sqlite-file", "sqlite-memory"],
  both: ["postgres", "sqlite-file", "sqlite-memory"],
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: "string", default: "300000" },
    orders: { type: "string", default: "100000" },
    letters: { type: "string", default: "100000" },
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "" },
    store: { type: "string", default: "both" },
    kill: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const [events, orders, rounds] = [Number(values.events), Number(values.orders), Number(values.rounds)];
const letters = Number(values.letters);
const chosen = stores[values.store];
if (![events, orders, letters, rounds].every((value) => Number.isInteger(value) && value > 0)) fail(usage);
const isServed = process.env["KAFKA_BROKERS"] !== undefined;
const missing = isServed ? [] : missingTools();
if (missing.length > 0) fail(missing);

switch (positionals.join(" ")) {
  case "consume":
    await consume();
    break;
  case "saga":
    await saga();
    break;
  case "replay":
    await operators(values.kill ? benchKilledReplay : benchReplay);
    break;
  case "dlq":
    await operators(benchDeadLetters);
    break;
  default:
    fail(usage);
}
process.exit(0);

async function consume(): Promise<void> {
  if (chosen === undefined) fail(usage);
  const summaries = summarise(await benchConsume({ events, rounds, stores: chosen }));
  tell({ events, rounds, machine: describeMachine(), summaries }, [
    toTable(summaries),
    "",
    `${events.toLocaleString("en")} events: 70 % creates of three lines, 30 % updates; the median of ${rounds} rounds`,
  ]);
}

async function saga(): Promise<void> {
  const { joins, slowJoins, latency } = await benchSaga({ orders, rounds, only: values.only });
  const results = {
    joins: Object.fromEntries(joins),
    slowJoins: Object.fromEntries(slowJoins),
    latency: Object.fromEntries(latency),
  };
  tell({ orders, rounds, machine: describeMachine(), ...results }, [
    toSagaTables({ joins, slowJoins, latency }),
    "",
    `The median of ${rounds} rounds`,
  ]);
}

async function operators(
  bench: (letters: number, stores: readonly StoreKind[]) => Promise<readonly object[]>,
): Promise<void> {
  if (chosen === undefined) fail(usage);
  // Nobody asks a store in memory from another process.
  const rows = await bench(
    letters,
    chosen.filter((store) => store !== "sqlite-memory"),
  );
  tell({ letters, machine: describeMachine(), rows }, [rowsText(rows), "", `${letters} dead letters`]);
}

/** `result` with --json, else the lines and the machine. */
function tell(
  result: { readonly machine: Machine; readonly [name: string]: unknown },
  lines: readonly string[],
): void {
  if (values.json) {
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  const { cpu, cores, memoryGb, load, platform, bun, kafkaJavascript } = result.machine;
  process.stdout.write(`${lines.join("\n")}
${cpu}, ${cores} cores for clients and servers together, load ${load.toFixed(1)}, ${memoryGb} GB, ${platform}
Bun ${bun}, kafka-javascript ${kafkaJavascript}
`);
}

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
