import { expect, test } from "bun:test";
import { ageText, countText, fullInstant, shortInstant, sizeText, spanText } from "./time-text.ts";

const iso = "2026-03-02T09:30:07.200Z";

test("an instant is told in full, and short on its own day", () => {
  expect(fullInstant(iso, "utc")).toBe("2026-03-02 09:30:07.200 UTC");
  expect(shortInstant(iso, "utc", Date.parse("2026-03-02T23:00:00Z"))).toBe("09:30:07.200");
  expect(shortInstant(iso, "utc", Date.parse("2026-03-03T00:00:00Z"))).toBe("2026-03-02 09:30:07");
});

test("what is no instant is shown as it came", () => {
  expect(fullInstant("soon", "utc")).toBe("soon");
});

test("spans have two units at most, ages one", () => {
  expect(["840", "5000", "725000", "93784000"].map((ms) => spanText(Number(ms)))).toEqual([
    "840 ms",
    "5 s",
    "12 min 5 s",
    "1 d 2 h",
  ]);
  expect([0, 12_900, 3_600_000].map(ageText)).toEqual(["now", "12 s ago", "1 h ago"]);
});

test("sizes and counts are readable at any magnitude", () => {
  expect([0, 1023, 1024, 900_000, 2 ** 31].map(sizeText)).toEqual([
    "0 B",
    "1023 B",
    "1.0 KiB",
    "879 KiB",
    "2.0 GiB",
  ]);
  expect(countText(1_234_567)).toBe("1\u202f234\u202f567");
});
