import { expect, test } from "bun:test";
import { createProgressDisplay } from "./progress.ts";

function record(stream: { isTTY?: boolean; columns?: number }) {
  const written: string[] = [];
  return { written, stream: { ...stream, write: (text: string) => written.push(text) } };
}

test("a terminal sees one line that is rewritten, and never one that wraps", () => {
  const { written, stream } = record({ isTTY: true, columns: 60 });
  const display = createProgressDisplay(stream, "Building");
  display.show({ stage: "compiling", fraction: 0.5 });
  display.show({ stage: "compiling", fraction: 0.5 });
  display.show({ stage: "x".repeat(200), fraction: 1 });
  display.end();
  expect(written).toHaveLength(3);
  expect(written[0]).toBe("\r\x1b[2KBuilding ████████████░░░░░░░░░░░░  50 %  compiling");
  expect(written[1]?.replace("\r\x1b[2K", "").length).toBe(59);
  expect(written[2]).toBe("\n");
});

test("a note stays above the line on a terminal", () => {
  const { written, stream } = record({ isTTY: true });
  const display = createProgressDisplay(stream, "B");
  display.show({ stage: "s", fraction: 0 });
  display.note("by the way");
  expect(written.slice(1).join("")).toBe("\r\x1b[2Kby the way\n\r\x1b[2KB ░░░░░░░░░░░░░░░░░░░░░░░░   0 %  s");
});

test("a log gets a plain line a stage and a quarter, without control characters", () => {
  const { written, stream } = record({});
  const display = createProgressDisplay(stream, "Building");
  for (let step = 0; step <= 100; step++)
    display.show({ stage: step < 90 ? "compiling" : "linking", fraction: step / 100 });
  display.end();
  expect(written).toEqual([
    "Building: compiling\n",
    "Building: compiling, 25 %\n",
    "Building: compiling, 50 %\n",
    "Building: compiling, 75 %\n",
    "Building: linking, 75 %\n",
    "Building: linking\n",
  ]);
});
