// The checker of the fault runs must itself be able to fail: each kind of damage that it exists for is named.
import { describe, expect, test } from "bun:test";
import { type Account, type Attempt, checkAccount, type Intent, type LoggedRecord } from "./account.ts";

const create = (system: "A" | "B", eventId: string | null = null): Intent => ({
  kind: "create",
  system,
  status: "new",
  eventId,
});
const status = (system: "A" | "B", to: string): Intent => ({ kind: "status", system, status: to });

function record(topic: string, offset: number, orderId: string, intent: Intent): LoggedRecord {
  return { topic, partition: 0, offset, orderId, value: `${topic}${offset}`, intent };
}

const attemptsOfA = [0, 100, 300, 700].map((failedAtMs, index) => ({ attempt: index + 1, failedAtMs }));
const once = [{ attempt: 1, failedAtMs: 5 }];

/** Two topics, every documented end once. */
function sound() {
  const account = {
    records: [
      record("o", 0, "a", create("A", "e1")),
      record("o", 1, "b", create("B")),
      record("o", 2, "b", status("B", "paid")),
      record("o", 3, "a", create("A")),
      record("o", 4, "a", create("A", "e1")),
      record("o", 5, "nobody", status("B", "paid")),
      record("o", 6, "b", { kind: "poison" }),
      record("o", 7, "b", status("B", "sent")),
      record("s", 0, "a", status("A", "paid")),
      record("s", 1, "a", status("A", "sent")),
      record("s", 2, "nobody", status("A", "sent")),
    ],
    committed: new Map([
      ["o/0", 8],
      ["s/0", 3],
    ]),
    orders: [
      { orderId: "a", status: "sent", version: 3, applied: { "o/0@x": 0, "s/0@x": 1 } },
      { orderId: "b", status: "sent", version: 3, applied: { "o/0@x": 7 } },
    ],
    parked: [] as string[],
    letters: [
      { id: "o/0/3", reason: "duplicate_create", value: "o3", attempts: attemptsOfA },
      { id: "o/0/5", reason: "unknown_order", value: "o5", attempts: once },
      { id: "o/0/6", reason: "too_short", value: "o6", attempts: once },
      { id: "s/0/2", reason: "unknown_order", value: "s2", attempts: attemptsOfA },
    ],
    indexed: ["o/0/3", "o/0/5", "o/0/6", "s/0/2"],
    seenAttempts: [{ id: "o/0/3", attempts: attemptsOfA.slice(0, 2) }],
    retryDelaysMs: [100, 200, 400],
  };
  return account satisfies Account;
}

type Sound = ReturnType<typeof sound>;

const damages: readonly [name: string, damage: (account: Sound) => void, found: string][] = [
  ["a lost order", ({ orders }) => orders.splice(1, 1), "was created and is not stored: b"],
  [
    "an order from nowhere",
    ({ orders }) => orders.push({ orderId: "z", status: "new", version: 1, applied: { "o/0@x": 1 } }),
    "is stored and was never created: z",
  ],
  ["a row twice", ({ orders }) => orders.push({ ...first(orders) }), "are stored twice"],
  [
    "an update that had its effect twice",
    ({ orders }) => (first(orders).version = 4),
    "was changed more often than it has events: a",
  ],
  ["a lost update", ({ orders }) => Object.assign(orders[1] ?? {}, { version: 2 }), "lacks an event: b"],
  [
    "an inversion",
    ({ orders }) => Object.assign(orders[1] ?? {}, { status: "paid" }),
    "has another status than its last event: b",
  ],
  [
    "a commit before the store",
    ({ orders }) => Object.assign(orders[1] ?? {}, { applied: { "o/0@x": 2 } }),
    "names another last event than the topics: b",
  ],
  ["a record beyond the commit", ({ committed }) => committed.set("s/0", 2), "is not committed: s/0/2"],
  [
    "a swallowed dead letter",
    ({ letters, indexed }) => [letters.splice(1, 1), indexed.splice(1, 1)],
    "should be a dead letter (unknown_order) and is none: o/0/5",
  ],
  [
    "swallowed poison",
    ({ letters, indexed }) => [letters.splice(2, 1), indexed.splice(2, 1)],
    "should be a dead letter (poison) and is none: o/0/6",
  ],
  [
    "a false duplicate",
    addLetter("o/0/1", "duplicate_create", "o1"),
    "is a dead letter (duplicate_create) and should have been applied: o/0/1",
  ],
  [
    "a repeat under one event id that is a duplicate",
    addLetter("o/0/4", "duplicate_create", "o4"),
    "is a dead letter (duplicate_create) and should have been applied: o/0/4",
  ],
  [
    "a good update in the DLQ",
    addLetter("o/0/7", "unknown_order", "o7"),
    "is a dead letter (unknown_order) and should have been applied: o/0/7",
  ],
  [
    "a letter of nothing",
    addLetter("o/0/99", "too_short", "x"),
    "is a dead letter of a record that is not there: o/0/99",
  ],
  [
    "another reason",
    ({ letters }) => Object.assign(letters[1] ?? {}, { reason: "duplicate_create" }),
    "is dead for another reason than unknown_order: o/0/5",
  ],
  [
    "changed bytes",
    ({ letters }) => (first(letters).value = "other"),
    "has other bytes in its dead letter than on its topic: o/0/3",
  ],
  ["a record in two places", ({ parked }) => parked.push("o/0/3"), "is parked and a dead letter: o/0/3"],
  ["a forgotten parked record", ({ parked }) => parked.push("o/0/7"), "is still parked: o/0/7"],
  [
    "too many attempts",
    ({ letters }) => (first(letters).attempts = [...attemptsOfA, { attempt: 5, failedAtMs: 9999 }]),
    "does not have the attempts 1 to 4: o/0/3",
  ],
  [
    "a burnt attempt",
    ({ letters }) => (first(letters).attempts = attemptsOfA.slice(0, 3)),
    "does not have the attempts 1 to 4: o/0/3",
  ],
  [
    "a retry of what is final",
    ({ letters }) => Object.assign(letters[1] ?? {}, { attempts: attemptsOfA }),
    "does not have the attempts 1 to 1: o/0/5",
  ],
  [
    "an early retry",
    ({ letters }) =>
      (first(letters).attempts = [0, 100, 299, 700].map((failedAtMs, index) => ({
        attempt: index + 1,
        failedAtMs,
      }))),
    "was tried again too early: o/0/3",
  ],
  [
    "a failed attempt for nothing",
    ({ seenAttempts }) => seenAttempts.push({ id: "o/0/0", attempts: once }),
    "has failed, and nothing stood against it: o/0/0",
  ],
  [
    "two deaths of one record",
    ({ letters }) => letters.push({ ...first(letters), attempts: attemptsOfA.map(oneLater) }),
    "has dead letters that differ: o/0/3",
  ],
  [
    "attempts that began anew",
    ({ letters }) =>
      (first(letters).attempts = attemptsOfA.map((one) => ({ ...one, failedAtMs: one.failedAtMs + 50 }))),
    "lost attempts that it had: o/0/3",
  ],
  [
    "a letter that the index lacks",
    ({ indexed }) => indexed.pop(),
    "is a dead letter that the index lacks: s/0/2",
  ],
  [
    "a letter twice in the index",
    ({ indexed }) => indexed.push("s/0/2"),
    "rows of the index repeat a letter",
  ],
  [
    "an index that invents",
    ({ indexed }) => indexed.push("s/0/9"),
    "is in the index and not on the dead-letter topic: s/0/9",
  ],
];

describe("checkAccount", () => {
  test("accepts a run in which every record has its documented end", () => {
    expect(checkAccount(sound())).toEqual([]);
  });

  test("accepts copies of a dead letter on the topic, which the index counts once", () => {
    const account = sound();
    expect(
      checkAccount({ ...account, letters: [...account.letters, ...account.letters.slice(0, 1)] }),
    ).toEqual([]);
  });

  test("accepts a status update that was dead-lettered before its create was read, when it has no effect", () => {
    const account = sound();
    addLetter("s/0/0", "unknown_order", "s0", attemptsOfA)(account);
    expect(checkAccount(account)).toEqual(["1 × was changed more often than it has events: a"]);
    first(account.orders).version = 2;
    expect(checkAccount(account)).toEqual([]);
  });

  for (const [name, damage, found] of damages) {
    test(`finds ${name}`, () => {
      const account = sound();
      damage(account);
      expect(checkAccount(account).join("\n")).toContain(found);
    });
  }
});

function oneLater({ attempt, failedAtMs }: Attempt): Attempt {
  return { attempt, failedAtMs: failedAtMs + 1 };
}

function first<Item>(items: readonly Item[]): Item {
  const [item] = items;
  if (item === undefined) throw new Error("empty");
  return item;
}

function addLetter(id: string, reason: string, value: string, attempts = once) {
  return ({ letters, indexed }: Sound) => {
    letters.push({ id, reason, value, attempts });
    indexed.push(id);
  };
}
