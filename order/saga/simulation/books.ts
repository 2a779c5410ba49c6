// What must hold at the end of a simulated life, from what was asked for and what lies on the topics: it shares no rule with
// the code under test but system C's table of outcomes, which is written down here once more.
import { type ContractFailure, errorTable } from "../../../contract/errors.ts";
import type { Result } from "../../../contract/result.ts";
import type { SagaOrder } from "../../../contract/sagas.ts";
import type { KafkaRecord } from "../../../kafka/record.ts";
import { partitionKey } from "../../worker/partition.ts";
import type { Saga } from "../domain/saga.ts";
import type { ModelStore } from "./model-store.ts";

export interface ProducedDecision {
  readonly record: KafkaRecord;
  readonly side: "payment" | "stock";
  /** Null for poison. */
  readonly orderId: number | null;
  readonly answer: "ACCEPT" | "REJECT";
}

export interface Placement {
  readonly customerId: string;
  /** One for each time that a client asked and was answered. */
  readonly answers: Result<SagaOrder, ContractFailure>[];
  /** Requests that are not answered, or never will be because their instance has died. */
  open: number;
}

export interface Life {
  readonly store: ModelStore;
  readonly orders: readonly KafkaRecord[];
  readonly letters: readonly KafkaRecord[];
  readonly decisions: readonly ProducedDecision[];
  readonly placements: readonly Placement[];
  readonly windowMs: number;
}

interface Dto {
  readonly orderId: number;
  readonly customerId: string;
  readonly status: string;
  readonly source: string | null;
}

export function findFaults(life: Life): readonly string[] {
  return [...placementFaults(life), ...orderFaults(life), ...letterFaults(life)];
}

function placementFaults({ placements, store, orders }: Life): string[] {
  const stored = Map.groupBy(store.sagas.values(), ({ order }) => order?.customerId ?? "");
  const announced = Map.groupBy(
    orders.map((record) => readDto(record)).filter(({ status }) => status === "NEW"),
    ({ customerId }) => customerId,
  );
  return placements.flatMap(({ customerId, answers, open }) => {
    const rows = stored.get(customerId) ?? [];
    if (rows.length > 1) return [`${customerId} was placed once and has ${rows.length} orders`];
    if ((announced.get(customerId)?.length ?? 0) !== rows.length)
      return [`${customerId} is announced wrongly`];
    const hadNoEffect =
      open === 0 && answers.every((answer) => !answer.ok && isWithoutEffect(answer.failure));
    if (hadNoEffect && rows.length > 0) return [`${customerId} was told of nothing and has an order`];
    const told = answers.flatMap((answer) => (answer.ok ? [answer.value.orderId] : []));
    return told
      .filter((orderId) => orderId !== rows[0]?.orderId)
      .map((orderId) => `${customerId} was told of order ${orderId}, which is not there`);
  });
}

function isWithoutEffect({ code }: ContractFailure): boolean {
  return errorTable[code].outcome === "none";
}

function orderFaults({ store, orders, decisions, windowMs }: Life): string[] {
  const published = Map.groupBy(
    orders.map((record) => readDto(record)),
    ({ orderId }) => orderId,
  );
  const decided = Map.groupBy(decisions, ({ orderId }) => orderId);
  const faults: string[] = [];
  for (const orderId of published.keys()) {
    if (!store.sagas.has(orderId)) faults.push(`order ${orderId} is published and not stored`);
  }
  for (const [orderId, saga] of store.sagas) {
    const [first, ...results] = published.get(orderId) ?? [];
    if (saga.order === null) {
      if (first !== undefined) faults.push(`order ${orderId} is published without having been placed`);
      continue;
    }
    if (first?.status !== "NEW") faults.push(`order ${orderId} begins with ${first?.status}`);
    const told = results.map(({ status, source }) => `${status} ${source}`).join(", ");
    const stored = saga.status === "NEW" ? "" : `${saga.status} ${saga.source}`;
    if (told !== stored) faults.push(`order ${orderId} is ${stored} in the store and "${told}" on its topic`);
    const expected = isLeftToOperators(saga) ? "" : expectedResult(decided.get(orderId) ?? [], windowMs);
    if (expected !== stored) faults.push(`order ${orderId} is "${stored}" and should be "${expected}"`);
  }
  return faults;
}

/** Both had expired before the order came: the store's history says when, and the letters are there. */
function isLeftToOperators({ payment, stock, history }: Saga): boolean {
  const placedAt = history.findIndex(({ kind }) => kind === "placed");
  const expired = history.slice(0, placedAt).filter(({ kind }) => kind === "expired");
  return payment?.state === "expired" && stock?.state === "expired" && expired.length === 2;
}

/** Decisions of one side lie on one partition, so the first one there is the first one. */
function expectedResult(decisions: readonly ProducedDecision[], windowMs: number): string {
  const first = (wanted: string) => decisions.find(({ side }) => side === wanted);
  const payment = first("payment");
  const stock = first("stock");
  if (payment === undefined || stock === undefined) return "";
  const apartMs = Math.abs((payment.record.timestampMs ?? 0) - (stock.record.timestampMs ?? 0));
  if (apartMs > windowMs) return "";
  if (payment.answer === "ACCEPT" && stock.answer === "ACCEPT") return "CONFIRMED null";
  if (payment.answer === "REJECT" && stock.answer === "REJECT") return "REJECTED INVENTORY";
  return payment.answer === "REJECT" ? "ROLLBACK PAYMENT" : "ROLLBACK INVENTORY";
}

/** No record has two letters; what is poison or contradicts has one, and so has what was never joined. */
function letterFaults({ store, letters, decisions }: Life): string[] {
  const byPlace = Map.groupBy(letters, ({ value }) => {
    const { originalTopic, originalPartition, originalOffset } = JSON.parse(String(value));
    return `${originalTopic}/${originalPartition} ${originalOffset}`;
  });
  const firsts = new Map<string, ProducedDecision>();
  return decisions.flatMap((decision) => {
    const { record, orderId, side, answer } = decision;
    const place = `${partitionKey(record)} ${record.offset}`;
    const count = byPlace.get(place)?.length ?? 0;
    if (count > 1) return [`${place} has ${count} dead letters`];
    const slot = `${orderId} ${side}`;
    const first = firsts.get(slot) ?? decision;
    firsts.set(slot, first);
    const isBad = orderId === null || answer !== first.answer;
    if (isBad) return count === 1 ? [] : [`${place} should be a dead letter`];
    if (decision !== first) return count === 0 ? [] : [`${place} is a duplicate and has a dead letter`];
    const kept = orderId === null ? undefined : store.sagas.get(orderId)?.[side];
    if (kept === undefined || kept === null) return [`${place} is lost`];
    if (kept.state === "pending") return [`${place} still waits`];
    return kept.state !== "joined" && count === 0 ? [`${place} is ${kept.state} and has no dead letter`] : [];
  });
}

function readDto({ value }: KafkaRecord): Dto {
  const dto: Dto = JSON.parse(String(value));
  return dto;
}
