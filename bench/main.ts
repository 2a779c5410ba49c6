// `bun run bench -- create …`, `latency …`, `consume …`, `saga …`, `replay …` and `dlq …`
import { parseArgs } from "node:util";
import { missingTools } from "../test/parts/machine.ts";
import { benchDeadLetters } from "./dead-letters.ts";
import { benchReplay } from "./replay.ts";
import { benchKilledReplay } from "./replay-killed.ts";
import { benchConsume } from "./consume.ts";
import { benchCreate, type CreateResult } from "./create.ts";
import { summariseCreates, toCreateTable } from "./create-report.ts";
import type { StoreKind } from "./databases.ts";
import { benchLatency, type LatencyResult, toLatencyTable } from "./latency.ts";
import { saveResult } from "./save-result.ts";
import { describeMachine, type Machine, summarise, toTable } from "./report.ts";
import { benchSaga } from "./saga.ts";
import { toSagaTables } from "./saga-report.ts";

const usage = [
  "bun run bench -- create [--connections 1,64,256] [--seconds N] [--rounds N] [--only <text>] [--save] [--json]",
  "bun run bench -- show bench/results/<create or latency>….json",
  "bun run bench -- latency [--rates 100,1000,5000] [--seconds N] [--rounds N] [--save] [--json]",
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
    connections: { type: "string", default: "1,64,256" },
    rates: { type: "string", default: "100,1000,5000" },
    seconds: { type: "string", default: "6" },
    save: { type: "boolean", default: false },
    store: { type: "string", default: "both" },
    kill: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const [events, orders, rounds] = [Number(values.events), Number(values.orders), Number(values.rounds)];
const letters = Number(values.letters);
const seconds = Number(values.seconds);
const [connections, rates] = [listOf(values.connections), listOf(values.rates)];
const chosen = stores[values.store];
if (
  ![events, orders, letters, rounds, seconds, ...connections, ...rates].every(
    (value) => Number.isInteger(value) && value > 0,
  )
)
  fail(usage);
const isServed = process.env["KAFKA_BROKERS"] !== undefined;
const missing = isServed ? [] : missingTools();
if (missing.length > 0) fail(missing);

const [part = "", file = "", ...more] = positionals;
if (more.length > 0 || (file !== "") !== (part === "show")) fail(usage);
switch (part) {
  case "show":
    await show();
    break;
  case "create":
    await create();
    break;
  case "latency":
    await latency();
    break;
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

async function create(): Promise<void> {
  const results = await benchCreate({ rounds, connections, seconds, only: values.only });
  const summaries = summariseCreates(results);
  const heading = `The median of ${rounds} rounds of ${seconds} s, each after 2 s to warm up; orders of three lines`;
  await keep("create", { rounds, seconds, results });
  tell({ rounds, seconds, machine: describeMachine(), summaries }, [toCreateTable(summaries), "", heading]);
}

async function latency(): Promise<void> {
  const results = await benchLatency({ rounds, rates, seconds });
  await keep("latency", { rounds, seconds, results });
  tell({ rounds, seconds, machine: describeMachine(), results }, [
    toLatencyTable(results),
    "",
    `The median of ${rounds} rounds of ${seconds} s, each after 3 s to warm up`,
  ]);
}

/** A saved result as its table: what READMEs quote. */
async function show(): Promise<void> {
  // Written by saveResult, from values of these types.
  const saved: SavedResult = await Bun.file(file).json();
  const table =
    saved.part === "latency" ? toLatencyTable(saved.results) : toCreateTable(summariseCreates(saved.results));
  const heading = `Measured at ${saved.measuredAt}, commit ${saved.commit}; the median of ${saved.rounds} rounds`;
  tell({ ...saved }, [table, "", heading]);
}

type SavedResult = {
  readonly measuredAt: string;
  readonly commit: string;
  readonly machine: Machine;
  readonly rounds: number;
} & (
  | { readonly part: "create"; readonly results: readonly CreateResult[] }
  | { readonly part: "latency"; readonly results: readonly LatencyResult[] }
);

/** With --save. */
async function keep(part: string, result: object): Promise<void> {
  if (!values.save) return;
  const file = await saveResult(part, { machine: describeMachine(), ...result });
  process.stderr.write(`Saved as ${file}\n`);
}

function listOf(text: string): readonly number[] {
  return text.split(",").map(Number);
}

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
