import { expect, test } from "bun:test";
import { bytesOfBase64, hexDump } from "./bytes-text.ts";

test("a dump has offset, bytes and what of them is ASCII", () => {
  expect(hexDump(bytesOfBase64(btoa("\u0000Order <script>!!")), 100)).toBe(
    [
      "000000  00 4f 72 64 65 72 20 3c 73 63 72 69 70 74 3e 21  ·Order <script>!",
      "000010  21                                               !",
    ].join("\n"),
  );
});

test("what is not base64 is no bytes", () => {
  expect(bytesOfBase64("***")).toHaveLength(0);
});
