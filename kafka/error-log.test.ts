import { expect, test } from "bun:test";
import { createErrorLog } from "./error-log.ts";

function openLog() {
  let nowMs = 0;
  const lines: unknown[] = [];
  const log = createErrorLog(
    { warn: (_message, fields) => void lines.push(fields) },
    "Kafka reports",
    () => nowMs,
  );
  return { log, lines, advance: (ms: number) => void (nowMs += ms) };
}

test("an error is logged when it is new, then once a minute with how often it came", () => {
  const { log, lines, advance } = openLog();
  for (let count = 0; count < 300; count += 1) {
    log.report(-199, "broken batch");
    advance(200);
  }
  log.report(-199, "broken batch");
  log.report(3, "unknown topic");
  expect(lines).toEqual([
    { code: -199, detail: "broken batch" },
    { code: -199, detail: "broken batch", repeats: 299 },
    { code: 3, detail: "unknown topic" },
  ]);
});

test("errors that never repeat are all logged, and do not pile up", () => {
  const { log, lines } = openLog();
  for (let offset = 0; offset < 1000; offset += 1) log.report(-199, `broken at ${offset}`);
  log.report(-199, "broken at 0");
  expect(lines).toHaveLength(1001);
});
