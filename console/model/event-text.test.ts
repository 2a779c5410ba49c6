import { expect, test } from "bun:test";
import { readEventText } from "./event-text.ts";

test("an event is an object of JSON, and anything else is told what it is not", () => {
  expect(readEventText('{"orderId":"ORD-1","__proto__":{"x":1}}')).toMatchObject({ ok: true });
  for (const text of ["[]", "null", "7", '"x"']) {
    expect(readEventText(text)).toMatchObject({ ok: false, problem: expect.stringContaining("object") });
  }
  expect(readEventText('{"a":')).toMatchObject({ ok: false, problem: expect.stringContaining("no JSON") });
});
