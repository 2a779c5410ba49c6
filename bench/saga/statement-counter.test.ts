import { describe, expect, test } from "bun:test";
import { createStatementCounter } from "./statement-counter.ts";

function message(type: string, body: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + body.length);
  return Buffer.concat([Buffer.from(type), length, Buffer.from(body)]);
}

function untyped(code: number, body: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length);
  head.writeInt32BE(code, 4);
  return Buffer.concat([head, Buffer.from(body)]);
}

const session = Buffer.concat([
  untyped(80_877_103, ""),
  untyped(196_608, "user\0QEQE\0\0"),
  message("Q", "select 'QE'"),
  message("P", "insert"),
  message("S", ""),
  message("B", "QQQQ"),
  message("E", "\0\0\0\0\0"),
  message("E", "\0\0\0\0\0"),
  message("S", ""),
]);

describe("the statement counter", () => {
  test("counts queries and executions, and nothing that only looks like one", () => {
    expect(createStatementCounter()(session)).toBe(3);
  });

  test("counts each once wherever the bytes are cut", () => {
    for (let size = 1; size < session.length; size += 1) {
      const count = createStatementCounter();
      let sum = 0;
      for (let at = 0; at < session.length; at += size) sum += count(session.subarray(at, at + size));
      expect(sum).toBe(3);
    }
  });
});
