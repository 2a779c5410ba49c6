import { describe, expect, test } from "bun:test";
import {
  classifyUncommitted,
  isAboutSize,
  isFenced,
  isGivenUpWithOthers,
  transactionFailure,
} from "./transactional-publisher-failure.ts";

const fenced = -144;
const invalidProducerEpoch = 47;
const producerFenced = 90;
const timedOut = -192;
const topicUnknown = 3;
const idNotAllowed = 53;
const messageTooLarge = 10;

describe("a transaction that failed before its commit", () => {
  test("is fenced by whichever name the broker gives it", () => {
    for (const code of [fenced, invalidProducerEpoch, producerFenced]) {
      expect(isFenced(code)).toBe(true);
      expect(classifyUncommitted(code)).toBe("fenced");
    }
  });

  test("is refused where waiting changes nothing, and unavailable in every other case", () => {
    for (const code of [topicUnknown, idNotAllowed, messageTooLarge]) {
      expect(classifyUncommitted(code)).toBe("refused");
    }
    for (const code of [timedOut, -1_000, 9_999]) expect(classifyUncommitted(code)).toBe("unavailable");
  });

  test("names a record only when it is refused", () => {
    expect(transactionFailure("refused", messageTooLarge, 3)).toMatchObject({ kind: "refused", index: 3 });
    expect(transactionFailure("unavailable", timedOut, 3)).toMatchObject({
      kind: "unavailable",
      index: null,
    });
    expect(transactionFailure("unknown", timedOut)).toMatchObject({ kind: "unknown", code: timedOut });
  });

  test("a code that all records get is no reason of one of them", () => {
    const purgedInQueue = -152;
    const purgedInFlight = -151;
    expect([purgedInQueue, purgedInFlight, messageTooLarge].map(isGivenUpWithOthers)).toEqual([
      true,
      true,
      false,
    ]);
    expect([messageTooLarge, 18, topicUnknown].map(isAboutSize)).toEqual([true, true, false]);
  });
});
