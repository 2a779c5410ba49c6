// The account after a fault run: every record below the committed offsets has exactly one end, and the store is what an
// independent reading of the topics gives. Pure, on sets; knows the documented rules and no code of the product.
//
// On the order topic everything is certain: the first create of an order is applied, every other one is a duplicate unless
// it repeats the first one's event id; an update without a create before it is dead. On the status topic an update may come
// before its create and is tried again until there is one, so it is either applied or dead for want of an order.

/** What a record of the run is meant to be; its writer put it into a header, and order knows nothing of it. */
export type Intent =
  | {
      readonly kind: "create";
      readonly system: "A" | "B";
      readonly status: string;
      readonly eventId: string | null;
    }
  | { readonly kind: "status"; readonly system: "A" | "B"; readonly status: string }
  | { readonly kind: "poison" };

export interface LoggedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly orderId: string;
  /** The exact value, base64. */
  readonly value: string | null;
  readonly intent: Intent;
}

export interface Attempt {
  readonly attempt: number;
  readonly failedAtMs: number;
}

export interface Letter {
  /** `topic/partition/offset` of the original. */
  readonly id: string;
  readonly reason: string;
  /** The exact value, base64. */
  readonly value: string | null;
  readonly attempts: readonly Attempt[];
}

export interface StoredOrderRow {
  readonly orderId: string;
  readonly status: string;
  readonly version: number;
  /** `topic/partition@…` → the last applied offset. */
  readonly applied: Readonly<Record<string, number>>;
}

export interface Account {
  /** Whole partitions, in the order of their offsets. */
  readonly records: readonly LoggedRecord[];
  /** `topic/partition` → the committed offset of the partition's group. */
  readonly committed: ReadonlyMap<string, number>;
  readonly orders: readonly StoredOrderRow[];
  /** Ids of the records that are still parked. */
  readonly parked: readonly string[];
  /** As they lie on the dead-letter topic, copies included. */
  readonly letters: readonly Letter[];
  /** Ids in the index of dead letters, in the store. */
  readonly indexed: readonly string[];
  /** Attempts of waiting records, seen in the store at some time during the run. */
  readonly seenAttempts: readonly { readonly id: string; readonly attempts: readonly Attempt[] }[];
  /** Milliseconds before each retry of system A. */
  readonly retryDelaysMs: readonly number[];
}

interface ExpectedOrder {
  status: string;
  version: number;
  readonly applied: Map<string, number>;
  readonly createdBy: string | null;
}

/** One sentence for each way in which the account does not add up; empty when it does. */
export function checkAccount(account: Account): readonly string[] {
  const letters = new Map(account.letters.map((letter) => [letter.id, letter]));
  const faults = createFaults();
  const sound = new Set<string>();
  const orders = fold(account, letters, faults, sound);
  checkEnds(account, letters, faults);
  checkOrders(account, orders, faults);
  checkLetters(account, letters, sound, faults);
  return faults.sentences();
}

export function recordId({
  topic,
  partition,
  offset,
}: Pick<LoggedRecord, "topic" | "partition" | "offset">): string {
  return `${topic}/${partition}/${offset}`;
}

/**
 * The orders as they must be, reading each partition from its start. Notes the records that nothing stands against at any
 * time, so that no try of them can fail.
 */
function fold(
  { records }: Account,
  letters: ReadonlyMap<string, Letter>,
  faults: Faults,
  sound: Set<string>,
): ReadonlyMap<string, ExpectedOrder> {
  const orders = new Map<string, ExpectedOrder>();
  const isOnStatusTopic = ({ intent }: LoggedRecord) => intent.kind === "status" && intent.system === "A";
  const inOrder = [
    ...records.filter((record) => !isOnStatusTopic(record)),
    ...records.filter(isOnStatusTopic),
  ];
  for (const record of inOrder) {
    const id = recordId(record);
    const order = orders.get(record.orderId);
    const outcome = outcomeOf(record, order, letters.get(id));
    const reason = letters.get(id)?.reason;
    if (outcome.dead !== undefined) {
      if (reason === undefined) faults.add(`should be a dead letter (${outcome.dead}) and is none`, id);
      else if (outcome.dead !== "poison" && reason !== outcome.dead)
        faults.add(`is dead for another reason than ${outcome.dead}`, id);
      continue;
    }
    if (reason !== undefined) faults.add(`is a dead letter (${reason}) and should have been applied`, id);
    if (!isOnStatusTopic(record)) sound.add(id);
    if (outcome.applies) apply(record, order, orders);
  }
  return orders;
}

type Outcome = { readonly dead: string } | { readonly dead?: undefined; readonly applies: boolean };

function outcomeOf(
  { intent }: LoggedRecord,
  order: ExpectedOrder | undefined,
  letter: Letter | undefined,
): Outcome {
  switch (intent.kind) {
    case "poison":
      return { dead: "poison" };
    case "create":
      if (order === undefined) return { applies: true };
      if (intent.eventId !== null && intent.eventId === order.createdBy) return { applies: false };
      return { dead: "duplicate_create" };
    case "status":
      if (order === undefined) return { dead: "unknown_order" };
      // Tried four times before its create was read: that is documented.
      if (intent.system === "A" && letter?.reason === "unknown_order") return { dead: "unknown_order" };
      return { applies: true };
  }
}

function apply(
  record: LoggedRecord,
  order: ExpectedOrder | undefined,
  orders: Map<string, ExpectedOrder>,
): void {
  const { intent, topic, partition, offset, orderId } = record;
  if (intent.kind === "poison") return;
  const source = `${topic}/${partition}`;
  if (order === undefined) {
    const createdBy = intent.kind === "create" ? intent.eventId : null;
    orders.set(orderId, {
      status: intent.status,
      version: 1,
      applied: new Map([[source, offset]]),
      createdBy,
    });
    return;
  }
  order.status = intent.status;
  order.version += 1;
  order.applied.set(source, offset);
}

/** Below the committed offset, and in no two places. */
function checkEnds(account: Account, letters: ReadonlyMap<string, Letter>, faults: Faults): void {
  const logged = new Set(account.records.map(recordId));
  for (const record of account.records) {
    const committed = account.committed.get(`${record.topic}/${record.partition}`) ?? 0;
    if (record.offset >= committed) faults.add("is not committed", recordId(record));
  }
  for (const id of account.parked) {
    faults.add(letters.has(id) ? "is parked and a dead letter" : "is still parked", id);
  }
  for (const id of letters.keys())
    if (!logged.has(id)) faults.add("is a dead letter of a record that is not there", id);
}

function checkOrders(
  { orders }: Account,
  expected: ReadonlyMap<string, ExpectedOrder>,
  faults: Faults,
): void {
  const stored = new Map(orders.map((order) => [order.orderId, order]));
  if (stored.size < orders.length) faults.add("are stored twice", `${orders.length - stored.size} orders`);
  for (const orderId of stored.keys())
    if (!expected.has(orderId)) faults.add("is stored and was never created", orderId);
  for (const [orderId, { status, version, applied }] of expected) {
    const row = stored.get(orderId);
    if (row === undefined) {
      faults.add("was created and is not stored", orderId);
      continue;
    }
    if (row.version !== version) {
      faults.add(
        row.version > version ? "was changed more often than it has events" : "lacks an event",
        orderId,
      );
    }
    if (row.status !== status) faults.add("has another status than its last event", orderId);
    const rowApplied = new Map(
      Object.entries(row.applied).map(([source, offset]) => [source.replace(/@.*$/, ""), offset]),
    );
    const differs = [...applied].some(([source, offset]) => rowApplied.get(source) !== offset);
    if (differs || rowApplied.size !== applied.size)
      faults.add("names another last event than the topics", orderId);
  }
}

function checkLetters(
  account: Account,
  letters: ReadonlyMap<string, Letter>,
  sound: ReadonlySet<string>,
  faults: Faults,
): void {
  const records = new Map(account.records.map((record) => [recordId(record), record]));
  for (const letter of account.letters) {
    const record = records.get(letter.id);
    if (record === undefined) continue;
    if (letter.value !== record.value)
      faults.add("has other bytes in its dead letter than on its topic", letter.id);
    checkAttempts(letter, record.intent, account.retryDelaysMs, faults);
    // What it tells is stored with its record, so whoever publishes it tells the same.
    if (!startsWith(letter.attempts, letters.get(letter.id)?.attempts ?? []))
      faults.add("has dead letters that differ", letter.id);
  }
  for (const { id, attempts } of account.seenAttempts) {
    if (sound.has(id)) faults.add("has failed, and nothing stood against it", id);
    const letter = letters.get(id);
    // A cured event has no letter.
    if (letter !== undefined && !startsWith(letter.attempts, attempts))
      faults.add("lost attempts that it had", id);
  }
  const indexed = new Set(account.indexed);
  if (indexed.size < account.indexed.length)
    faults.add("rows of the index repeat a letter", String(account.indexed.length - indexed.size));
  for (const id of letters.keys())
    if (!indexed.has(id)) faults.add("is a dead letter that the index lacks", id);
  for (const id of indexed)
    if (!letters.has(id)) faults.add("is in the index and not on the dead-letter topic", id);
}

function checkAttempts(
  { id, attempts }: Letter,
  intent: Intent,
  delaysMs: readonly number[],
  faults: Faults,
): void {
  const isRetried = intent.kind !== "poison" && intent.system === "A";
  const expected = isRetried ? delaysMs.length + 1 : 1;
  const numbers = attempts.map(({ attempt }) => attempt);
  if (numbers.length !== expected || numbers.some((attempt, index) => attempt !== index + 1)) {
    faults.add(`does not have the attempts 1 to ${expected}`, id);
  }
  for (const [index, delayMs] of delaysMs.entries()) {
    const [before, after] = [attempts[index], attempts[index + 1]];
    if (before !== undefined && after !== undefined && after.failedAtMs - before.failedAtMs < delayMs) {
      faults.add("was tried again too early", id);
    }
  }
}

function startsWith(attempts: readonly Attempt[], earlier: readonly Attempt[]): boolean {
  return earlier.every(({ attempt, failedAtMs }, index) => {
    const same = attempts[index];
    return same !== undefined && same.attempt === attempt && same.failedAtMs === failedAtMs;
  });
}

interface Faults {
  add(what: string, id: string): void;
  sentences(): readonly string[];
}

function createFaults(): Faults {
  const found = new Map<string, string[]>();
  return {
    add(what, id) {
      const ids = found.get(what) ?? [];
      ids.push(id);
      found.set(what, ids);
    },
    sentences: () =>
      [...found].map(([what, ids]) => `${ids.length} × ${what}: ${ids.slice(0, 5).join(", ")}`),
  };
}
