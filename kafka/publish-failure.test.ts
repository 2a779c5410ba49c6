import { describe, expect, test } from "bun:test";
import {
  breaksProducer,
  classifyFailedDelivery,
  classifyRejection,
  codeOfReport,
  errorCodes,
  publishFailure,
} from "./publish-failure.ts";

describe("what a failed record's error code means", () => {
  test("a record that was perhaps sent is never reported as certainly not written", () => {
    for (const code of [-197, -195, -192, -185, -151, -149, 7, 20, 45, 47, 59, 90, 12_345]) {
      expect([code, classifyFailedDelivery(code, 0)]).toEqual([code, "unknown"]);
    }
  });

  test("a delivery without an offset is no acknowledgement", () => {
    expect([codeOfReport(0, 0), codeOfReport(0, 7), codeOfReport(29, 7)]).toEqual([0, 0, 29]);
    // librdkafka's "no offset"; a report that has none at all.
    for (const offset of [-1001, -1, Number.NaN]) {
      const code = codeOfReport(0, offset);
      expect([offset, classifyFailedDelivery(code, 0), breaksProducer(code)]).toEqual([
        offset,
        "unknown",
        false,
      ]);
    }
  });

  test("a record without a partition was never sent", () => {
    expect(classifyFailedDelivery(errorCodes.messageTimedOut, -1)).toBe("unavailable");
  });

  test("what the broker refused for good is refused, whether the client or the broker said so", () => {
    for (const code of [3, 10, 17, 29, 87, errorCodes.unknownTopic, errorCodes.unknownPartition]) {
      expect([classifyRejection(code), classifyFailedDelivery(code, 0)]).toEqual(["refused", "refused"]);
    }
  });

  test("what the client did not take was not written", () => {
    for (const code of [errorCodes.queueFull, errorCodes.fatal, errorCodes.wrongState]) {
      expect(classifyRejection(code)).toBe("unavailable");
    }
  });

  test("only a broken sequence or a fatal error replaces the producer", () => {
    expect([45, -150, 29, -192, 7].map(breaksProducer)).toEqual([true, true, false, false, false]);
  });

  test("the message says what happened and which code it was", () => {
    expect(publishFailure("refused", 10).message).toBe("The record is larger than the broker takes (10)");
    expect(publishFailure("unknown", -192).message).toBe(
      "No acknowledgement came; the record may have been written (-192)",
    );
  });
});
