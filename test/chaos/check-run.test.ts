// The checker must itself be able to fail: a sound run is damaged in every way that it exists for, and each is named.
import { describe, expect, test } from "bun:test";
import { checkRun, type RunSource } from "./check-run.ts";
import { describeFinding } from "./findings.ts";
import type { Intent } from "./intent.ts";
import type { ExactBytes, LetterLine, OrderLine, RecordLine, RunLines } from "./run-files.ts";

const create = (system: "A" | "B", eventId: string | null = null): Intent => ({
  kind: "create",
  system,
  status: "new",
  eventId,
});
const status = (system: "A" | "B", to: string): Intent => ({ kind: "status", system, status: to });
const bytesOf = (id: string): ExactBytes => ({ key: "k", value: id, headers: [["h", id]] });

function record(topic: string, offset: number, orderId: string, intent: Intent, byCart = false): RecordLine {
  return { topic, partition: 0, offset, orderId, intent, byCart, exact: bytesOf(`${topic}${offset}`) };
}

const attemptsOfA = [0, 100, 300, 700].map((failedAtMs, index) => ({ attempt: index + 1, failedAtMs }));
const once = [{ attempt: 1, failedAtMs: 5 }];

function letter(topic: string, offset: number, reason: string, attempts = once): LetterLine {
  return { id: `${topic}/0/${offset}`, reason, exact: bytesOf(`${topic}${offset}`), attempts };
}
function row(orderId: string, to: string, version: number, applied: Record<string, number>): OrderLine {
  return { orderId, status: to, version, applied };
}
const asked = { request: "create", system: "A", way: "plain", answer: "" } as const;

type Lines = { -readonly [File in keyof RunLines]: RunLines[File][] };

/** Two topics, every documented end once, every kind of answer once. */
function sound(): Lines {
  return {
    records: [
      record("o", 0, "a", create("A", "e1"), true),
      record("o", 1, "b", create("B")),
      record("o", 2, "b", status("B", "paid"), true),
      record("o", 3, "a", create("A")),
      record("o", 4, "a", create("A", "e1"), true),
      record("o", 5, "nobody", status("B", "paid")),
      record("o", 6, "b", { kind: "poison", reasons: ["too_short"] }),
      record("o", 7, "b", status("B", "sent")),
      record("o", 8, "c", create("A", "e2"), true),
      record("s", 0, "a", status("A", "paid")),
      record("s", 1, "a", status("A", "sent")),
      record("s", 2, "nobody", status("A", "sent")),
    ],
    committed: [
      { source: "o/0", offset: 9 },
      { source: "s/0", offset: 3 },
    ],
    orders: [
      row("a", "sent", 3, { "o/0": 0, "s/0": 1 }),
      row("b", "sent", 3, { "o/0": 7 }),
      row("c", "new", 1, { "o/0": 8 }),
    ],
    changes: [
      row("a", "new", 1, { "o/0": 0 }),
      // Both in one batch.
      row("b", "paid", 2, { "o/0": 2 }),
      row("a", "paid", 2, { "o/0": 0, "s/0": 0 }),
      row("a", "sent", 3, { "o/0": 0, "s/0": 1 }),
      row("b", "sent", 3, { "o/0": 7 }),
      row("c", "new", 1, { "o/0": 8 }),
    ],
    parked: [],
    letters: [
      letter("o", 3, "duplicate_create", attemptsOfA),
      letter("o", 5, "unknown_order"),
      letter("o", 6, "too_short"),
      letter("s", 2, "unknown_order", attemptsOfA),
    ],
    indexed: ["o/0/3", "o/0/5", "o/0/6", "s/0/2"].map((id) => ({ id })),
    attempts: [{ id: "o/0/3", attempts: attemptsOfA.slice(0, 2) }],
    clients: [
      { ...asked, orderId: "a", idempotencyKey: "k", outcome: "unknown" },
      { ...asked, orderId: "a", idempotencyKey: "k", outcome: "ok" },
      { ...asked, orderId: "c", outcome: "unknown" },
      { ...asked, orderId: "lost", outcome: "unknown" },
      { ...asked, orderId: "wrong", outcome: "fail" },
      { ...asked, request: "status", orderId: "b", status: "paid", outcome: "ok" },
    ],
    events: [],
    redelivered: [],
    samples: [],
    sagaOrders: [],
    sagaPayment: [],
    sagaStock: [],
    sagaStored: [],
    sagaAnswered: [],
    sagaLetters: [],
    sagaBalances: [],
  };
}

function sourceOf(lines: Lines): RunSource {
  return {
    async *read(file) {
      yield* lines[file];
    },
  };
}

async function findings(lines: Lines): Promise<readonly string[]> {
  const check = await checkRun(sourceOf(lines), { retryDelaysMs: [100, 200, 400] });
  return check.findings.map(describeFinding);
}

const damages: readonly [name: string, damage: (lines: Lines) => unknown, found: string][] = [
  ["a lost order", ({ orders }) => orders.pop(), "lost: 1 × was created and is not stored: c"],
  [
    "an order from nowhere",
    ({ orders }) => orders.push(row("z", "new", 1, { "o/0": 1 })),
    "double effect: 1 × is stored and was never created: z",
  ],
  ["a row twice", ({ orders }) => orders.push(at(orders, 0)), "double effect: 1 × is stored twice: a"],
  [
    "an update that had its effect twice",
    change("orders", 0, { version: 4 }),
    "double effect: 1 × was changed more often than it has events: a",
  ],
  ["a lost update", change("orders", 1, { version: 2 }), "lost: 1 × lacks an event: b"],
  [
    "an inversion at the end",
    change("orders", 1, { status: "paid" }),
    "inversion: 1 × has another status than its last event: b",
  ],
  [
    "a status that went back to the create's",
    change("orders", 0, { status: "new" }),
    "inversion: 1 × has another status than its last event: a",
  ],
  [
    "a commit before the store",
    change("orders", 1, { applied: { "o/0": 2 } }),
    "lost: 1 × names another last event than the topics: b",
  ],
  [
    "an inversion on the way",
    ({ changes }) => changes.splice(2, 2, at(changes, 3), at(changes, 2)),
    "inversion: 1 × went back to an earlier event: a",
  ],
  [
    "an event that was passed over on the way",
    change("changes", 1, { version: 1 }),
    "inversion: 1 × was changed past an event that it did not have yet: b",
  ],
  [
    "an effect twice that is gone at the end",
    change("changes", 2, { version: 3 }),
    "double effect: 1 × counted an event twice on the way: a",
  ],
  [
    "a change without an event",
    ({ changes }) => changes.push(at(changes, 5)),
    "double effect: 1 × was changed by no new event: c",
  ],
  [
    "a status on the way that is another event's",
    change("changes", 2, { status: "sent" }),
    "inversion: 1 × had a status on the way that is not its last event's: a",
  ],
  ["a record beyond the commit", change("committed", 1, { offset: 2 }), "lost: 1 × is not committed: s/0/2"],
  [
    "a swallowed dead letter",
    ({ letters, indexed }) => [letters.splice(1, 1), indexed.splice(1, 1)],
    "lost: 1 × should be a dead letter (unknown_order) and is none: o/0/5",
  ],
  [
    "swallowed poison",
    ({ letters, indexed }) => [letters.splice(2, 1), indexed.splice(2, 1)],
    "lost: 1 × should be a dead letter (too_short) and is none: o/0/6",
  ],
  [
    "a false duplicate",
    addLetter("o", 1, "duplicate_create"),
    "is a dead letter (duplicate_create) and should have been applied: o/0/1",
  ],
  [
    "a repeat under one event id that is a duplicate",
    addLetter("o", 4, "duplicate_create"),
    "is a dead letter (duplicate_create) and should have been applied: o/0/4",
  ],
  [
    "a good update in the DLQ",
    addLetter("o", 7, "unknown_order"),
    "is a dead letter (unknown_order) and should have been applied: o/0/7",
  ],
  [
    "a letter of nothing",
    addLetter("o", 99, "too_short"),
    "is a dead letter of a record that is not there: o/0/99",
  ],
  [
    "another reason",
    change("letters", 1, { reason: "duplicate_create" }),
    "is dead for another reason than unknown_order: o/0/5",
  ],
  [
    "another reason of poison",
    change("letters", 2, { reason: "tombstone" }),
    "is dead for another reason than too_short: o/0/6",
  ],
  [
    "changed bytes",
    change("letters", 0, { exact: { ...bytesOf("o3"), value: "other" } }),
    "has another value in its dead letter than on its topic: o/0/3",
  ],
  [
    "a changed key",
    change("letters", 0, { exact: { ...bytesOf("o3"), key: null } }),
    "has another key in its dead letter than on its topic: o/0/3",
  ],
  [
    "a changed header",
    change("letters", 0, { exact: { ...bytesOf("o3"), headers: [] } }),
    "has another list of headers in its dead letter than on its topic: o/0/3",
  ],
  [
    "two letters that differ",
    ({ letters }) => letters.push({ ...at(letters, 1), reason: "other" }),
    "has two dead letters that differ: o/0/5",
  ],
  [
    "a record in two places",
    ({ parked }) => parked.push({ id: "o/0/3" }),
    "double effect: 1 × is parked and a dead letter: o/0/3",
  ],
  [
    "a forgotten parked record",
    ({ parked }) => parked.push({ id: "o/0/7" }),
    "lost: 1 × is still parked: o/0/7",
  ],
  [
    "too many attempts",
    change("letters", 0, { attempts: [...attemptsOfA, { attempt: 5, failedAtMs: 9999 }] }),
    "does not have the attempts 1 to 4: o/0/3",
  ],
  [
    "a burnt attempt",
    change("letters", 0, { attempts: attemptsOfA.slice(0, 3) }),
    "does not have the attempts 1 to 4: o/0/3",
  ],
  [
    "a retry of what is final",
    change("letters", 1, { attempts: attemptsOfA }),
    "does not have the attempts 1 to 1: o/0/5",
  ],
  [
    "an early retry",
    change("letters", 0, {
      attempts: [0, 100, 299, 700].map((failedAtMs, index) => ({ attempt: index + 1, failedAtMs })),
    }),
    "was tried again too early: o/0/3",
  ],
  [
    "attempts that began anew",
    change("letters", 0, {
      attempts: attemptsOfA.map((one) => ({ ...one, failedAtMs: one.failedAtMs + 50 })),
    }),
    "lost attempts that it had: o/0/3",
  ],
  [
    "a try that failed for nothing",
    ({ attempts }) => attempts.push({ id: "o/0/7", attempts: once }),
    "has failed, and nothing stood against it: o/0/7",
  ],
  [
    "a letter that the index lacks",
    ({ indexed }) => indexed.pop(),
    "is a dead letter that the index lacks: s/0/2",
  ],
  [
    "a letter twice in the index",
    ({ indexed }) => indexed.push({ id: "s/0/2" }),
    "is in the index twice: s/0/2",
  ],
  [
    "an index that invents",
    ({ indexed }) => indexed.push({ id: "s/0/9" }),
    "is in the index and not on the dead-letter topic: s/0/9",
  ],
  [
    "an order that was promised and is nowhere",
    change("clients", 3, { outcome: "ok" }),
    "lost: 1 × was taken by cart and is not on its topic: lost",
  ],
  [
    "a change that was promised and is nowhere",
    change("clients", 5, { status: "never" }),
    "lost: 1 × was taken by cart and is not on its topic: b never",
  ],
  [
    "an order that was refused and is there",
    change("clients", 2, { outcome: "fail" }),
    "client: 1 × was refused by cart and is on its topic: c",
  ],
  [
    "an order that is there more often than it was asked for",
    ({ clients }) => clients.shift(),
    "client: 1 × is on its topic more often than asked for: a",
  ],
  [
    "an order that nobody asked for",
    ({ clients }) => clients.splice(2, 1),
    "client: 1 × is on its topic and nobody asked for it: c",
  ],
  [
    "another event id under the same key",
    change("records", 4, { intent: create("A", "e9") }),
    "client: 1 × has several event ids under one Idempotency-Key: a",
  ],
  [
    "a saga without a result",
    ({ sagaOrders }) =>
      sagaOrders.push({ orderId: 1, customerId: "C", status: "NEW", source: null, items: [] }),
    "saga: 2 × system C's account: order 1 has no result, order 1 is not in the store",
  ],
];

describe("the checker of a run", () => {
  test("has nothing to say about a run in which every record has its documented end", async () => {
    expect(await findings(sound())).toEqual([]);
  });

  test("counts what clients know, and dead letters that are exact", async () => {
    const { findings: _, ...figures } = await checkRun(sourceOf(sound()), { retryDelaysMs: [100, 200, 400] });
    expect(figures).toEqual({
      records: 12,
      orders: 3,
      creates: { ok: 1, failed: 1, unknown: 2, unknownAndThere: 1 },
      deadLetters: { expected: 4, exact: 4, copies: 0 },
      sagas: 0,
    });
  });

  test("accepts copies of a dead letter on the topic, which the index counts once", async () => {
    const lines = sound();
    lines.letters.push(at(lines.letters, 0));
    expect(await findings(lines)).toEqual([]);
  });

  test("accepts a status update that was dead-lettered before its create was read, when it has no effect", async () => {
    const lines = sound();
    addLetter("s", 0, "unknown_order", attemptsOfA)(lines);
    expect((await findings(lines)).join()).toContain("was changed more often than it has events: a");
    change("orders", 0, { version: 2 })(lines);
    lines.changes.splice(2, 2, row("a", "sent", 2, { "o/0": 0, "s/0": 1 }));
    expect(await findings(lines)).toEqual([]);
  });

  test("accepts a duplicate that was written before the create of cart's", async () => {
    const lines = sound();
    lines.records[0] = record("o", 0, "a", create("A", "e1"));
    lines.clients.shift();
    expect(await findings(lines)).toEqual([]);
  });

  for (const [name, damage, found] of damages) {
    test(`finds ${name}`, async () => {
      const lines = sound();
      damage(lines);
      expect((await findings(lines)).join("\n")).toContain(found);
    });
  }
});

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error(`there is no item ${index}`);
  return item;
}

function change<File extends keyof Lines>(file: File, index: number, to: Partial<RunLines[File]>) {
  return (lines: Lines) => {
    Object.assign(at<object>(lines[file], index), to);
  };
}

function addLetter(topic: string, offset: number, reason: string, attempts = once) {
  return ({ letters, indexed }: Lines) => {
    letters.push(letter(topic, offset, reason, attempts));
    indexed.push({ id: `${topic}/0/${offset}` });
  };
}
