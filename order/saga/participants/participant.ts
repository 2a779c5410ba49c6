// One side of the saga as a stand-in: what it makes of the orders it reads. Patient, and without a broker of its own.
import { sagaOrderSchema, type SagaOrder } from "../../../contract/sagas.ts";
import type { KafkaRecord, OutgoingRecord } from "../../../kafka/record.ts";
import { type Backoff, backoffMs } from "../../../service/backoff.ts";
import { eventHeaders, readTraceparent } from "../../../schemas/event-headers.ts";
import type { Clock } from "../../../service/clock.ts";
import type { Logger } from "../../../service/logger.ts";
import type { PublishOutcome } from "../../../kafka/publisher.ts";
import { type Answer, type Balance, createLedger, type Demand, type Ledger } from "./ledger.ts";

/** What payment and stock differ in. */
export interface ParticipantRules {
  /** As its decisions call it. */
  readonly source: "PAYMENT" | "INVENTORY";
  demandOf(order: SagaOrder): Demand;
  /** What these accounts are opened with; undefined while that cannot be known. */
  openingOf(accounts: readonly string[]): Promise<ReadonlyMap<string, number> | undefined>;
}

export interface Participant {
  /** See `WorkOff` in ../../feed/feed.ts: done with means that the broker has the decisions. */
  workOff(records: readonly KafkaRecord[], isWanted: () => boolean): Promise<boolean>;
  /** Ends a wait now: what is wanted may have changed. */
  look(): void;
  balances(): ReadonlyMap<string, Balance>;
  /** Decisions that the broker has acknowledged since the start. */
  readonly decided: Readonly<Record<Answer, number>>;
}

export interface ParticipantOptions {
  readonly rules: ParticipantRules;
  /** Where the decisions go. */
  readonly topic: string;
  readonly publish: (record: OutgoingRecord) => Promise<PublishOutcome>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ledger?: Ledger;
}

interface Decision {
  readonly orderId: number;
  readonly answer: Answer;
  readonly record: OutgoingRecord;
}

const awayBackoff: Backoff = { firstMs: 100, maxMs: 5000 };

export function createParticipant(options: ParticipantOptions): Participant {
  const { rules, topic, publish, clock, logger, ledger = createLedger() } = options;
  /** Orders that are open, and whose decision the broker has: a copy of their NEW is not answered again. */
  const told = new Set<number>();
  const decided = { ACCEPT: 0, REJECT: 0 };
  const ends = new Set<() => void>();
  let unreadable = 0;

  async function waitFor(attempt: number, isWanted: () => boolean): Promise<boolean> {
    if (!isWanted()) return false;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(backoffMs(awayBackoff, attempt), resolve);
    ends.add(resolve);
    await promise;
    ends.delete(resolve);
    cancel();
    return isWanted();
  }

  /** Before the first of them decides: from then on decisions depend on nothing but the ledger. */
  async function openAccounts(orders: readonly SagaOrder[], isWanted: () => boolean): Promise<boolean> {
    const asked = new Set(orders.flatMap((order) => [...rules.demandOf(order).keys()]));
    const unknown = [...asked].filter((account) => !ledger.isOpen(account));
    if (unknown.length === 0) return true;
    for (let attempt = 1; ; attempt += 1) {
      const amounts = await rules.openingOf(unknown);
      if (amounts !== undefined) {
        for (const account of unknown) ledger.open(account, amounts.get(account) ?? 0);
        return true;
      }
      if (!(await waitFor(attempt, isWanted))) return false;
    }
  }

  /** In the order of the records, which is each order's own: NEW, then its result. */
  function takeAll(
    found: readonly { readonly record: KafkaRecord; readonly order: SagaOrder }[],
  ): readonly Decision[] {
    const decisions = new Map<number, Decision>();
    for (const { record, order } of found) {
      const { orderId, status } = order;
      if (status === "NEW") {
        const answer = ledger.decide(orderId, rules.demandOf(order));
        if (answer === undefined || told.has(orderId)) continue;
        const value = Buffer.from(JSON.stringify({ ...order, status: answer, source: rules.source }));
        const key = record.key ?? Buffer.from(String(orderId));
        // The order's trace goes on with its decision.
        const traceparent = readTraceparent(record.headers);
        const headers = traceparent === undefined ? [] : eventHeaders({ traceparent });
        decisions.set(orderId, { orderId, answer, record: { topic, key, value, headers } });
      } else {
        ledger.settle(orderId, status);
        told.delete(orderId);
        decisions.delete(orderId);
      }
    }
    return [...decisions.values()];
  }

  async function tell({ orderId, answer, record }: Decision, isWanted: () => boolean): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await publish(record);
      if (outcome.ok) {
        told.add(orderId);
        decided[answer] += 1;
        return true;
      }
      if (attempt === 1) {
        logger.warn("A stand-in's decision could not be published: it is tried again", {
          topic,
          orderId,
          reason: outcome.failure.message,
        });
      }
      if (!(await waitFor(attempt, isWanted))) return false;
    }
  }

  function read(record: KafkaRecord): { record: KafkaRecord; order: SagaOrder } | undefined {
    const order = readOrder(record.value);
    if (order !== undefined) return { record, order };
    unreadable += 1;
    // A flood of them is one line for each power of two.
    if (Number.isInteger(Math.log2(unreadable))) {
      const { topic: from, partition, offset } = record;
      logger.warn("A stand-in passes over what is no order", { topic: from, partition, offset, unreadable });
    }
    return undefined;
  }

  return {
    async workOff(records, isWanted) {
      const found = records.map(read).filter((each) => each !== undefined);
      if (
        !(await openAccounts(
          found.map(({ order }) => order),
          isWanted,
        ))
      )
        return false;
      const answers = await Promise.all(takeAll(found).map((decision) => tell(decision, isWanted)));
      return answers.every(Boolean);
    },
    look() {
      for (const end of ends) end();
    },
    balances: () => ledger.balances(),
    decided,
  };
}

/** Undefined for what is no OrderDto: anybody may write to the topic. */
function readOrder(value: Buffer | null): SagaOrder | undefined {
  if (value === null) return undefined;
  try {
    const parsed = sagaOrderSchema.safeParse(JSON.parse(value.toString("utf8")));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
