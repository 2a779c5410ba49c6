import { expect, test } from "bun:test";
import { webAddress } from "./web-address.ts";

test("the web's addresses become links", () => {
  expect(webAddress("https://tempo/trace/4bf92f")).toBe("https://tempo/trace/4bf92f");
  expect(webAddress("http://127.0.0.1:16686/trace/4bf92f")).toBe("http://127.0.0.1:16686/trace/4bf92f");
});

test.each([
  undefined,
  "",
  "tempo/trace/4bf92f",
  "//tempo/trace",
  "javascript:alert(1)",
  " JaVaScRiPt:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "file:///etc/passwd",
  "mailto:a@b",
])("nothing else does: %p", (text) => {
  expect(webAddress(text)).toBeUndefined();
});
