// The books: what has become of every record, kept from what the store really wrote, the DLQ topic really took and the
// broker really committed. Each entry is checked as it is made; at the end every record must be settled.
import type { NextOffset, OutgoingRecord } from "../../../kafka/record.ts";
import type { BatchWrite, Claim } from "../../store/order-store.ts";
import type { ParkedId, ParkedProgress, ParkedRecord } from "../../store/parked-records.ts";
import { checkFailure, requireDue } from "./attempts-check.ts";
import { createLaneOrder } from "./lane-order.ts";
import { createOrderFold } from "./order-fold.ts";
import type { Produced, SimulatedPartition } from "./topics.ts";
import { Violation } from "./violation.ts";

interface Account {
  readonly produced: Produced;
  state: "new" | "waiting" | "behind" | "dead" | "let-go" | "done";
  /** Whether it was settled by being parked before it died. */
  hasWaited: boolean;
  /** Its dead letter on the DLQ topic. */
  letter: string | undefined;
}

interface SourceBook {
  readonly accounts: Map<number, Account>;
  /** Everything before it has been written for. */
  nextOffset: number;
  epoch: number;
}

export interface Accounts {
  onProduced(produced: Produced): void;
  onClaims(claims: readonly Claim[]): void;
  /** `decided`: the records that this batch tried, in their order. `before`: their rows as they were. */
  onSaved(
    batch: BatchWrite,
    decided: readonly ParkedId[],
    before: (id: ParkedId) => ParkedRecord | undefined,
    nowMs: number,
  ): void;
  onLetter(letter: OutgoingRecord): void;
  onCommit(partition: SimulatedPartition, commit: NextOffset): void;
  /** How many records are not settled for good. */
  readonly openCount: number;
  /** The same, as text. */
  open(): string[];
  /** Records that ended so: to see that runs are not about nothing. */
  count(state: Account["state"]): number;
}

type Write = { readonly end: "done" } | { readonly end: "parked"; readonly progress: ParkedProgress };

export function createAccounts(): Accounts {
  const books = new Map<string, SourceBook>();
  const orders = createOrderFold();
  const lanes = createLaneOrder();
  let openCount = 0;

  function bookOf(source: string): SourceBook {
    const book = books.get(source) ?? { accounts: new Map<number, Account>(), nextOffset: 0, epoch: 0 };
    books.set(source, book);
    return book;
  }

  function accountOf({ source, offset }: ParkedId): Account {
    const account = bookOf(source).accounts.get(offset);
    if (account === undefined) throw new Violation(`${source} ${offset} was never produced`);
    return account;
  }

  /** The records that this batch is the first to write for. */
  function openNew(
    { progress }: BatchWrite,
    decided: readonly ParkedId[],
    isParked: (id: ParkedId) => boolean,
  ): ParkedId[] {
    const fresh: ParkedId[] = [];
    for (const { source, epoch, nextOffset } of progress) {
      const book = bookOf(source);
      if (epoch !== book.epoch)
        throw new Violation(`${source} was written for under claim ${epoch}, the newest is ${book.epoch}`);
      const again = decided.find(
        (id) => id.source === source && id.offset < book.nextOffset && !isParked(id),
      );
      if (again !== undefined) throw new Violation(`${source} ${again.offset} was given a second effect`);
      for (const [offset, { produced }] of book.accounts) {
        if (offset < book.nextOffset || offset >= (nextOffset ?? 0)) continue;
        fresh.push({ source, offset });
        lanes.open(produced);
      }
      book.nextOffset = Math.max(book.nextOffset, nextOffset ?? 0);
    }
    return fresh;
  }

  function settle(id: ParkedId, write: Write, before: ParkedRecord | undefined, nowMs: number): void {
    const account = accountOf(id);
    const { produced } = account;
    if (before?.state === "dead") {
      if (account.letter === undefined)
        throw new Violation(`${textOf(id)} was let go before its dead letter was on the topic`);
      account.state = "let-go";
      openCount -= 1;
      return;
    }
    if (account.state === "done" || account.state === "let-go")
      throw new Violation(`${textOf(id)} was settled twice`);
    if (produced.text !== null && !isByOperator(write)) lanes.requireFirst(produced);
    if (write.end === "done") {
      if (before !== undefined) requireDue(produced, before, nowMs);
      orders.apply(produced, nowMs);
      account.state = "done";
      openCount -= 1;
    } else {
      checkFailure(produced, before, write.progress, orders);
      account.state = write.progress.state;
      account.hasWaited ||= write.progress.state !== "dead";
    }
    if (account.state !== "waiting") lanes.close(produced);
  }

  return {
    onProduced(produced) {
      const account: Account = { produced, state: "new", hasWaited: false, letter: undefined };
      bookOf(produced.source).accounts.set(produced.record.offset, account);
      openCount += 1;
    },
    onClaims(claims) {
      for (const { source, epoch } of claims) bookOf(source).epoch = epoch;
    },
    onSaved(batch, decided, before, nowMs) {
      const fresh = openNew(batch, decided, (id) => before(id) !== undefined);
      const writes = new Map<string, readonly [id: ParkedId, write: Write]>();
      for (const id of fresh) writes.set(textOf(id), [id, { end: "done" }]);
      for (const id of batch.unpark)
        if (before(id) !== undefined) writes.set(textOf(id), [id, { end: "done" }]);
      for (const row of [...batch.park, ...batch.repark]) {
        writes.set(textOf(row), [row, { end: "parked", progress: row }]);
        if (row.state !== "behind") continue;
        const account = accountOf(row);
        account.state = "behind";
        account.hasWaited = true;
        writes.delete(textOf(row));
      }
      // What an operator ends makes way for what is behind it in the same batch.
      for (const [text, [id, write]] of writes) {
        if (!isByOperator(write)) continue;
        settle(id, write, before(id), nowMs);
        writes.delete(text);
      }
      const isDecided = new Set(decided.map(textOf));
      for (const id of decided) {
        const write = writes.get(textOf(id));
        if (write === undefined)
          throw new Violation(`${textOf(id)} was tried and nothing was written about it`);
        settle(id, write[1], before(id), nowMs);
      }
      for (const [text, [id, write]] of writes) {
        if (isDecided.has(text)) continue;
        if (write.end === "done" && before(id)?.state !== "dead")
          throw new Violation(`${text} is done and was never tried`);
        settle(id, write, before(id), nowMs);
      }
      orders.requireSame(batch.changes);
    },
    onLetter({ key, value }) {
      const text = value?.toString() ?? "";
      const letter: {
        originalTopic: string;
        originalPartition: number;
        originalOffset: unknown;
        originalValue: Buffer;
      } = JSON.parse(text);
      const id = {
        source: `${letter.originalTopic}/${letter.originalPartition}`,
        offset: Number(letter.originalOffset),
      };
      const account = accountOf(id);
      if (account.state !== "dead" && account.state !== "let-go") {
        throw new Violation(`${textOf(id)} has a dead letter and is ${account.state}`);
      }
      if (!Buffer.from(letter.originalValue).equals(account.produced.record.value ?? Buffer.alloc(0))) {
        throw new Violation(`the dead letter of ${textOf(id)} has other bytes`);
      }
      const content = `${key?.toString()} ${text}`;
      account.letter ??= content;
      if (account.letter !== content)
        throw new Violation(`dead letters of ${textOf(id)} differ: ${account.letter} and ${content}`);
    },
    onCommit(partition, { nextOffset }) {
      const { source, committed, endOffset } = partition;
      const book = bookOf(source);
      if (nextOffset < committed || nextOffset > endOffset) {
        throw new Violation(
          `${source} was committed from ${committed} to ${nextOffset}, its end is ${endOffset}`,
        );
      }
      for (const [offset, account] of book.accounts) {
        if (offset < committed || offset >= nextOffset) continue;
        const isOnItsWay = account.state === "dead" && !account.hasWaited && account.letter === undefined;
        if (offset >= book.nextOffset || isOnItsWay) {
          throw new Violation(
            `${source} was committed to ${nextOffset}, past ${offset}, which is ${account.state}`,
          );
        }
      }
    },
    get openCount() {
      return openCount;
    },
    open: () =>
      [...books].flatMap(([source, { accounts }]) =>
        [...accounts].flatMap(([offset, { state }]) =>
          state === "done" || state === "let-go" ? [] : [`${source} ${offset} is ${state}`],
        ),
      ),
    count: (state) =>
      [...books.values()].reduce(
        (sum, { accounts }) =>
          sum + [...accounts.values()].filter((account) => account.state === state).length,
        0,
      ),
  };
}

function isByOperator(write: Write): boolean {
  return write.end === "parked" && write.progress.death?.reason === "operator_request";
}

function textOf({ source, offset }: ParkedId): string {
  return `${source} ${offset}`;
}
