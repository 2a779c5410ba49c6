// `bun run bench -- consume …` and `bun run bench -- saga …`
import { parseArgs } from "node:util";
import { missingTools } from "../test/parts/machine.ts";
import { benchConsume } from "./consume.ts";
import type { StoreKind } from "./databases.ts";
import { describeMachine, type Machine, summarise, toTable } from "./report.ts";
import { benchSaga } from "./saga.ts";
import { toSagaTables } from "./saga-report.ts";

const usage = [
  "bun run bench -- consume [--events N] [--rounds N] [--store postgres|sqlite|both] [--json]",
  "bun run bench -- saga [--orders N] [--rounds N] [--only <text of a case's name>] [--json]",
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
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "" },
    store: { type: "string", default: "both" },
    json: { type: "boolean", default: false },
  },
});
const [events, orders, rounds] = [Number(values.events), Number(values.orders), Number(values.rounds)];
const chosen = stores[values.store];
if (![events, orders, rounds].every((value) => Number.isInteger(value) && value > 0)) fail(usage);
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

function fail(lines: readonly string[]): never {
  process.stderr.write(`${lines.join("\n")}\n`);
  process.exit(1);
}
