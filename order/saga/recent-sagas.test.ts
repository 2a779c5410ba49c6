import { describe, expect, test } from "bun:test";
import { place, tell } from "./domain/saga-fixtures.ts";
import { createRecentSagas } from "./recent-sagas.ts";

const { saga } = tell([place()]);
const of = (orderId: number, version = 1) => ({ ...saga, orderId, version });
const recalled = (recent: ReturnType<typeof createRecentSagas>, ...orderIds: number[]) => [
  ...recent.recall(orderIds).values(),
];

describe("sagas that were saved a moment ago", () => {
  test("are remembered until they are settled, in their newest version", () => {
    const recent = createRecentSagas();
    recent.remember([of(1, 2), of(2)]);
    recent.remember([of(1, 1)]);
    expect(recalled(recent, 1, 2, 3)).toEqual([of(1, 2), of(2)]);
    recent.remember([{ ...of(1, 3), status: "CONFIRMED" }]);
    expect(recalled(recent, 1, 2)).toEqual([of(2)]);
  });

  test("are bounded in number: the one that was not touched for longest goes first", () => {
    const recent = createRecentSagas(2);
    recent.remember([of(1), of(2), of(1, 2), of(3)]);
    expect(recalled(recent, 1, 2, 3)).toEqual([of(1, 2), of(3)]);
  });

  test("are not trusted for a while when one was out of date", () => {
    const recent = createRecentSagas();
    recent.remember([of(1)]);
    recent.distrust();
    const looks = Array.from({ length: 65 }, () => recalled(recent, 1).length);
    expect(looks.slice(0, 64)).toEqual(Array.from({ length: 64 }, () => 0));
    expect(looks.at(-1)).toBe(1);
  });
});
