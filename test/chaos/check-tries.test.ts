// Two things that the checker did not see until a mutant survived it.
import { describe, expect, test } from "bun:test";
import { checkRun, type RunSource } from "./check-run.ts";
import { describeFinding } from "./findings.ts";
import type { ClientLine, RecordLine, RunFile, RunLines } from "./run-files.ts";

type Files = { readonly [File in RunFile]?: readonly RunLines[File][] };

function sourceOf(files: Files): RunSource {
  return {
    async *read<File extends RunFile>(file: File): AsyncGenerator<RunLines[File]> {
      yield* files[file] ?? [];
    },
  };
}

const create = (offset: number, eventId: string): RecordLine => ({
  topic: "o",
  partition: 0,
  offset,
  orderId: "a",
  intent: { kind: "create", system: "B", status: "new", eventId },
  byCart: true,
});
const asked: ClientLine = {
  request: "create",
  system: "B",
  way: "plain",
  orderId: "a",
  idempotencyKey: "k",
  outcome: "ok",
  answer: "201",
};
const sound: Files = {
  clients: [asked, asked],
  records: [create(0, "e1"), create(1, "e1")],
  orders: [{ orderId: "a", status: "new", version: 1, applied: { "o/0": 0 } }],
  committed: [{ source: "o/0", offset: 2 }],
};

async function findingsOf(files: Files): Promise<readonly string[]> {
  const { findings } = await checkRun(sourceOf(files), { retryDelaysMs: [1] });
  return findings.map(describeFinding);
}

describe("the check of a run", () => {
  test("accepts one event that was published twice under one Idempotency-Key", async () => {
    expect(await findingsOf(sound)).toEqual([]);
  });

  test("finds a second event id under one Idempotency-Key, also when its record has the dead letter of a duplicate", async () => {
    const letter = {
      id: "o/0/1",
      reason: "duplicate_create",
      exact: { key: null, value: null, headers: [] },
      attempts: [{ attempt: 1, failedAtMs: 1 }],
    };
    const damaged = {
      ...sound,
      records: [create(0, "e1"), create(1, "e2")],
      letters: [letter],
      indexed: [letter],
    };
    expect(await findingsOf(damaged)).toEqual([
      "client: 1 × has several event ids under one Idempotency-Key: a",
    ]);
  });

  test("finds a try that failed although nothing stood against it, also when a later one went well", async () => {
    const attempts = [{ id: "o/0/0", attempts: [{ attempt: 1, failedAtMs: 1 }] }];
    expect(await findingsOf({ ...sound, attempts })).toEqual([
      "attempts: 1 × has failed, and nothing stood against it: o/0/0",
    ]);
  });
});
