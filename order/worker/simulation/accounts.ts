// The books: what has become of every record, kept from what the store really wrote, the DLQ topic really took and the
// broker really committed. Each entry is checked as it is made; at the end every record must be settled.
import type { NextOffset, OutgoingRecord } from "../../../kafka/record.ts";
import type { ReplayOutcome } from "../../replays/domain/replay.ts";
import { itemKey } from "../../replays/store/replay-store.ts";
import type { BatchWrite, Claim } from "../../store/order-store.ts";
import type { ParkedId, ParkedProgress, ParkedRecord } from "../../store/parked-records.ts";
import { checkFailure, requireDue } from "./attempts-check.ts";
import { createLaneOrder } from "./lane-order.ts";
import { createOrderFold } from "./order-fold.ts";
import type { Produced, SimulatedPartition, SimulatedReplay } from "./topics.ts";
import { Violation } from "./violation.ts";

interface Account {
  readonly produced: Produced;
  state: "new" | "waiting" | "behind" | "dead" | "let-go" | "done";
  /** Whether it was settled by being parked before it died. */
  hasWaited: boolean;
  /** Its dead letter on the DLQ topic. */
  letter: string | undefined;
  /** When that, or the one of its last replay, came; counts letters. */
  letterNumber: number;
  /** Of its last replay; `open` while that has none. */
  replayed: ReplayOutcome | "open" | undefined;
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
  /** Dead letters that nothing was done about, or that failed again, in their order. */
  openLetters(): readonly Produced[];
  /** How many replays ended so. */
  outcomes(outcome: ReplayOutcome): number;
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
  /** Of replays, by their items. */
  const outcomes = new Map<string, ReplayOutcome>();
  let openCount = 0;
  let letters = 0;

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

  const isCopy = ({ replay }: Produced) =>
    replay !== undefined && replay !== "forged" && outcomes.has(replay.key);

  /** The outcome that was written with the end of a replay. @throws Violation when there is none, or one without an end. */
  function settleReplay(
    id: ParkedId,
    replay: SimulatedReplay,
    write: Write,
    settled: Settled,
    nowMs: number,
  ): void {
    const outcome = settled.get(replay.key);
    const isOver = write.end === "done" || write.progress.state === "dead";
    if ((outcome !== undefined) !== isOver) {
      throw new Violation(`the replay ${textOf(id)} is ${write.end} with the outcome ${outcome}`);
    }
    if (outcome === undefined) return;
    if ((outcome === "failed") !== (write.end === "parked"))
      throw new Violation(`the replay ${textOf(id)} is ${write.end} and ${outcome}`);
    if (write.end === "done") orders.applyReplay(replay.origin, outcome, nowMs);
    outcomes.set(replay.key, outcome);
    accountOf(idOf(replay.origin)).replayed = outcome;
  }

  function settle(
    id: ParkedId,
    write: Write,
    before: ParkedRecord | undefined,
    settled: Settled,
    nowMs: number,
  ): void {
    const account = accountOf(id);
    const { produced } = account;
    const { replay } = produced;
    if (before?.state === "dead") {
      if (account.letter === undefined)
        throw new Violation(`${textOf(id)} was let go before its dead letter was on the topic`);
      account.state = "let-go";
      openCount -= 1;
      return;
    }
    if (account.state === "done" || account.state === "let-go")
      throw new Violation(`${textOf(id)} was settled twice`);
    if (isCopy(produced)) {
      if (write.end !== "done") throw new Violation(`${textOf(id)} is a copy and had an end of its own`);
      account.state = "done";
      openCount -= 1;
      lanes.close(produced);
      return;
    }
    if (replay === "forged") {
      if (write.end === "done" || (write.progress.death?.reason !== "forged_replay" && !isByOperator(write)))
        throw new Violation(`${textOf(id)} is forged and is ${write.end}`);
    } else if (produced.text !== null && !isByOperator(write)) lanes.requireFirst(produced);
    if (replay !== undefined && replay !== "forged") settleReplay(id, replay, write, settled, nowMs);
    if (write.end === "done") {
      if (before !== undefined) requireDue(produced, before, nowMs);
      if (replay === undefined) orders.apply(produced, nowMs);
      account.state = "done";
      openCount -= 1;
    } else {
      if (replay !== "forged") checkFailure(produced, before, write.progress, orders);
      account.state = write.progress.state;
      account.hasWaited ||= write.progress.state !== "dead";
    }
    if (account.state !== "waiting") lanes.close(produced);
  }

  /** It is about the record that failed first, and lets go of the replay. */
  function onLetterOfReplay(key: string, id: ParkedId): void {
    const dead = [...books.values()].flatMap(({ accounts }) =>
      [...accounts.values()].filter(
        ({ produced: { replay }, state }) =>
          replay !== undefined &&
          replay !== "forged" &&
          replay.key === key &&
          (state === "dead" || state === "let-go"),
      ),
    );
    const [account] = dead;
    const replay = account?.produced.replay;
    if (dead.length !== 1 || account === undefined || replay === undefined || replay === "forged")
      throw new Violation(`${dead.length} records of the replay ${key} have a dead letter`);
    if (textOf(idOf(replay.origin)) !== textOf(id))
      throw new Violation(`the dead letter of the replay ${key} names ${textOf(id)}`);
    account.letter = key;
    accountOf(id).letterNumber = letters;
  }

  return {
    onProduced(produced) {
      const account: Account = {
        produced,
        state: "new",
        hasWaited: false,
        letter: undefined,
        letterNumber: 0,
        replayed: undefined,
      };
      const { replay } = produced;
      if (replay !== undefined && replay !== "forged") accountOf(idOf(replay.origin)).replayed = "open";
      bookOf(produced.source).accounts.set(produced.record.offset, account);
      openCount += 1;
    },
    onClaims(claims) {
      for (const { source, epoch } of claims) bookOf(source).epoch = epoch;
    },
    onSaved(batch, decided, before, nowMs) {
      const settled: Settled = new Map(
        (batch.settle ?? []).map((item) => [itemKey(item), item.outcome] as const),
      );
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
        settle(id, write, before(id), settled, nowMs);
        writes.delete(text);
      }
      const isDecided = new Set(decided.map(textOf));
      const settleCopies = () => {
        for (const [text, [id, write]] of writes) {
          if (isDecided.has(text) || write.end !== "done" || !isCopy(accountOf(id).produced)) continue;
          if (before(id)?.state === "dead") continue;
          settle(id, write, before(id), settled, nowMs);
          writes.delete(text);
        }
      };
      settleCopies();
      for (const id of decided) {
        const write = writes.get(textOf(id));
        if (write === undefined)
          throw new Violation(`${textOf(id)} was tried and nothing was written about it`);
        settle(id, write[1], before(id), settled, nowMs);
        settleCopies();
      }
      for (const [text, [id, write]] of writes) {
        if (isDecided.has(text)) continue;
        const { produced } = accountOf(id);
        if (write.end === "done" && before(id)?.state !== "dead" && !isCopy(produced))
          throw new Violation(`${text} is done and was never tried`);
        settle(id, write, before(id), settled, nowMs);
      }
      orders.requireSame(batch.changes);
    },
    onLetter({ key, value, headers }) {
      letters += 1;
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
      const told = (name: string) => headers.find(([own]) => own === name)?.[1]?.toString();
      const job = told("dlq-replay-job");
      if (job !== undefined) {
        onLetterOfReplay(`${job}/${told("dlq-replay-item")}`, id);
        return;
      }
      const account = accountOf(id);
      account.letterNumber = letters;
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
    openLetters: () =>
      [...books.values()]
        .flatMap(({ accounts }) => [...accounts.values()])
        .filter(
          ({ produced, state, letter, replayed }) =>
            produced.replay === undefined &&
            state === "let-go" &&
            letter !== undefined &&
            (replayed === undefined || replayed === "failed"),
        )
        .toSorted((left, right) => left.letterNumber - right.letterNumber)
        .map(({ produced }) => produced),
    outcomes: (outcome) => [...outcomes.values()].filter((other) => other === outcome).length,
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

type Settled = ReadonlyMap<string, ReplayOutcome>;

function idOf({ source, record: { offset } }: Produced): ParkedId {
  return { source, offset };
}

function textOf({ source, offset }: ParkedId): string {
  return `${source} ${offset}`;
}
