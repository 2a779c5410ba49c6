// Two parts of the benchmark at their smallest, on the runner's servers: their cases run, and their own checks hold.
import { describe, expect, test } from "bun:test";
import { realEnvironmentAddresses } from "../test/system/real-environment.ts";
import type { BenchPart, PartOptions } from "./bench-part.ts";
import { consume } from "./consume.ts";
import { growth } from "./growth/growth.ts";
import { readCommand } from "./read-command.ts";

const environment = realEnvironmentAddresses();
const silent = { show: () => undefined, note: () => undefined, end: () => undefined };

describe.skipIf(environment === undefined)("the benchmark", () => {
  function run(part: BenchPart, text: string) {
    if (environment === undefined) throw new Error("there are no servers");
    return part.run({
      options: optionsOf(`${part.name} --quick ${text}`),
      servers: { environment, kafkaVersion: "", close: async () => undefined },
      display: silent,
    });
  }

  test("takes a full topic into every store, each event once", async () => {
    const cases = await run(consume, "--events 2000 --only order");
    expect(cases.map(({ name }) => name)).toEqual([
      "order → postgres",
      "order → sqlite-file",
      "order → sqlite-memory",
    ]);
    for (const { rounds } of cases) expect(rounds[0]?.["events"]).toBe(2000);
  }, 60_000);

  test("measures an event's cost with stored orders and dead letters that the store wrote", async () => {
    const cases = await run(
      growth,
      "--events 500 --orders 300 --letters 20 --store postgres --only postgres,",
    );
    expect(cases.map(({ name }) => name)).toEqual([
      "empty, ids in the order of time",
      "300 orders, ids in the order of time",
      "20 dead letters, ids in the order of time",
      "empty, ids in no order",
      "300 orders, ids in no order",
    ]);
    for (const { rounds } of cases) expect(rounds[0]?.["cpuMicrosPerEvent"]).toBeGreaterThan(0);
  }, 60_000);
});

function optionsOf(text: string): PartOptions {
  const command = readCommand(text.split(" "));
  if (command.kind !== "part") throw new Error(`${text} is no part's command`);
  return command.options;
}
