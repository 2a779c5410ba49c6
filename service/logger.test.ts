import { expect, test } from "bun:test";
import { createLogger } from "./logger.ts";

function recordingLogger(format: "json" | "pretty", level: "debug" | "warn" = "debug") {
  const lines: string[] = [];
  const logger = createLogger({
    level,
    format,
    write: (line) => lines.push(line),
    now: () => new Date("2026-01-02T03:04:05.678Z"),
  });
  return { lines, logger };
}

test("a JSON log line is one line that parses, with the fields of its logger and its call", () => {
  const { lines, logger } = recordingLogger("json");
  logger.child({ service: "cart" }).info("Published", { orderId: "ORD-1\n\u0085forged" });
  expect(lines).toHaveLength(1);
  expect(lines[0]?.indexOf("\n")).toBe((lines[0]?.length ?? 0) - 1);
  expect(lines[0]).not.toContain("\u0085");
  expect(JSON.parse(lines[0] ?? "")).toEqual({
    time: "2026-01-02T03:04:05.678Z",
    level: "info",
    message: "Published",
    service: "cart",
    orderId: "ORD-1\n\u0085forged",
  });
});

test("a value cannot forge a second line or a colour on the terminal", () => {
  const { lines, logger } = recordingLogger("pretty");
  logger.warn("Refused", { orderId: "x\n12:00 error all is lost \u001b[31m" });
  expect(lines.join("").split("\n")).toHaveLength(2);
  expect(lines[0]).toContain("x\\u000a12:00");
  expect(lines[0]).toContain("\\u001b[31m");
});

test("lines below the level are not written", () => {
  const { lines, logger } = recordingLogger("json", "warn");
  logger.info("quiet");
  logger.error("loud");
  expect(lines).toHaveLength(1);
});
