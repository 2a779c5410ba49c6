import { describe, expect, test } from "bun:test";
import { checkSagaCases, type SagaCase } from "./saga-cases.ts";

const one: SagaCase = {
  name: "late",
  orderId: 1,
  published: ["NEW null", "CONFIRMED null"],
  letters: ["s/0/1"],
  joined: ["p/0/1"],
};
const found = { published: new Map([[1, ["NEW null", "CONFIRMED null"]]]), letters: ["s/0/1"] };

describe("the check of sagas that were decided by hand", () => {
  test("accepts what is as it was to be", () => {
    expect(checkSagaCases([one], found)).toEqual([]);
  });

  for (const [what, damaged] of Object.entries({
    "another result": { ...found, published: new Map([[1, ["NEW null", "ROLLBACK PAYMENT"]]]) },
    "a result twice": { ...found, published: new Map([[1, [...one.published, "CONFIRMED null"]]]) },
    "no record at all": { ...found, published: new Map() },
    "a dead letter that is missing": { ...found, letters: [] },
    "a dead letter twice": { ...found, letters: ["s/0/1", "s/0/1"] },
    "a dead letter of what counts": { ...found, letters: ["s/0/1", "p/0/1"] },
  })) {
    test(`finds ${what}`, () => expect(checkSagaCases([one], damaged)).toHaveLength(1));
  }
});
