// What a replay would do, told without doing it: the letters are read with today's schemas and decided on the orders as they are,
// one after the other, as the worker would. What others write meanwhile is not foreseen.
import type { ReplayPreview } from "../../contract/replays.ts";
import { kindOfFailure } from "../domain/fingerprint.ts";
import type { OrderState } from "../domain/order.ts";
import type { Failure } from "../domain/verdict.ts";
import { type IndexedDeadLetter, isWhole } from "../store/dead-letter-index.ts";
import type { OrderStore } from "../store/order-store.ts";
import { failureOfReading, failureOfRejection } from "../worker/failures.ts";
import { RegistryUnavailable } from "../worker/read-items.ts";
import type { RecordReader } from "../worker/record-reader.ts";
import { laneOf, type WorkItem } from "../worker/work-item.ts";
import { createDecisionForecast, type DecisionForecastOptions, type Foreseen } from "./decision-forecast.ts";
import { decideReplay } from "./domain/decide-replay.ts";
import { type LetterState, letterStates } from "./domain/replay.ts";
import { sourceOfLetter } from "./domain/standing.ts";
import type { LetterScope } from "./store/replay-store.ts";

export interface PreviewOptions {
  readonly store: Pick<OrderStore, "load" | "deadLetters" | "letterFates">;
  readonly reader: RecordReader;
  readonly sourceOf: (partition: { readonly topic: string; readonly partition: number }) => string;
  readonly isOurs: (topic: string) => boolean;
  /** System C's. */
  readonly decisions: DecisionForecastOptions & { readonly isOurs: (topic: string) => boolean };
  readonly simulate: (item: Pick<WorkItem, "lane" | "reading">) => Failure | undefined;
  readonly now: () => number;
}

/** A request is answered within 8 s. */
const lookForMs = 5000;
const maxExamined = 20_000;
const pageSize = 500;
const maxSamples = 20;

/** Rejects with StoreUnavailable or RegistryUnavailable. */
export async function previewReplay(
  options: PreviewOptions,
  scope: LetterScope,
  states: readonly LetterState[],
): Promise<ReplayPreview> {
  const { store, now } = options;
  const { letterFates } = store;
  const endMs = now() + lookForMs;
  const total = await letterFates.count(scope, states);
  const forecasts = createForecasts();
  const orders = new Map<string, OrderState | undefined>();
  const foreseeDecisions = createDecisionForecast(options.decisions, now);
  let examined = 0;
  for await (const letters of lettersOf(store, scope, states)) {
    const foreseen = await foresee(options, letters, orders);
    const ofSagas = letters.filter(({ original }) => options.decisions.isOurs(original.topic));
    for (const [letter, forecast] of await foreseeDecisions(ofSagas)) {
      foreseen[letters.indexOf(letter)] = forecast;
    }
    for (const [index, letter] of letters.entries()) {
      const forecast = foreseen[index];
      if (forecast !== undefined) forecasts.add(letter, forecast);
    }
    examined += letters.length;
    if (examined >= maxExamined || now() > endMs) break;
  }
  const others: [LetterState, number][] = [];
  for (const [state, count] of Object.entries(await letterFates.countByState())) {
    const other = letterStates.find((name) => name === state);
    if (other === undefined || count === 0 || states.includes(other)) continue;
    others.push([other, await letterFates.count(scope, [other])]);
  }
  const leftOut = Object.fromEntries(others.filter(([, count]) => count > 0));
  return { total, examined: Math.min(examined, total), leftOut, ...forecasts.told() };
}

async function* lettersOf(
  { deadLetters, letterFates }: PreviewOptions["store"],
  scope: LetterScope,
  states: readonly LetterState[],
): AsyncGenerator<readonly IndexedDeadLetter[]> {
  if (scope.kind === "ids") {
    const fates = await letterFates.of(scope.ids);
    const chosen = scope.ids.filter((id) => states.includes(fates.get(id)?.state ?? "discarded"));
    const letters: IndexedDeadLetter[] = [];
    for (const id of chosen) letters.push(...[await deadLetters.get(id)].flatMap((letter) => letter ?? []));
    yield letters.toSorted(
      (left, right) =>
        Number(left.dlqTopic > right.dlqTopic) - Number(left.dlqTopic < right.dlqTopic) ||
        left.dlqPartition - right.dlqPartition ||
        left.dlqOffset - right.dlqOffset,
    );
    return;
  }
  const { filter } = scope;
  for (const state of states) {
    if (filter.state !== undefined && filter.state !== state) continue;
    let page: readonly IndexedDeadLetter[] = [];
    do {
      const last = page.at(-1);
      page = await deadLetters.list({
        filter: { ...filter, state },
        limit: pageSize,
        ...(last === undefined ? {} : { after: last }),
      });
      if (page.length > 0) yield page;
    } while (page.length === pageSize);
  }
}

/** `orders` has what was loaded, and what the letters before have made of it. */
async function foresee(
  options: PreviewOptions,
  letters: readonly IndexedDeadLetter[],
  orders: Map<string, OrderState | undefined>,
): Promise<Foreseen[]> {
  const { store, reader, isOurs, simulate, sourceOf } = options;
  const readings: (WorkItem["reading"] | undefined)[] = [];
  for (const letter of letters) {
    const readable = isOurs(letter.original.topic) && isWhole(letter) && letter.original.key !== null;
    readings.push(readable ? await readLetter(reader, letter) : undefined);
  }
  const orderIds = readings.flatMap((reading) => (reading?.kind === "event" ? [reading.event.orderId] : []));
  const unknown = [...new Set(orderIds)].filter((orderId) => !orders.has(orderId));
  const loaded = unknown.length === 0 ? new Map<string, OrderState>() : await store.load(unknown);
  for (const orderId of unknown) orders.set(orderId, loaded.get(orderId));
  return letters.map(({ id, original }, index): Foreseen => {
    const reading = readings[index];
    if (reading === undefined) return { forecast: "not_replayable" };
    const known = reading.kind === "unreadable" ? undefined : simulate({ lane: laneOf(original), reading });
    if (known !== undefined) return { forecast: "would_fail", failure: known };
    if (reading.kind !== "event") return { forecast: "would_fail", failure: failureOfReading(reading) };
    const { event, eventId } = reading;
    const { topic, partition, offset } = original;
    const source = sourceOfLetter(id, sourceOf);
    const decision = decideReplay(orders.get(event.orderId), event, {
      source,
      topic,
      partition,
      offset,
      eventId,
    });
    switch (decision.kind) {
      case "apply":
        orders.set(event.orderId, decision.order);
        return { forecast: "would_apply" };
      case "already-applied":
        return { forecast: "already_applied" };
      case "stale":
        return { forecast: "stale" };
      case "reject":
        return { forecast: "would_fail", failure: failureOfRejection(decision.rejection, event.eventType) };
    }
  });
}

async function readLetter(
  reader: RecordReader,
  { id, original }: IndexedDeadLetter,
): Promise<WorkItem["reading"]> {
  const reading = reader.read(original);
  if (reading.kind !== "unresolved-schema") return reading;
  await reader.resolve(reading.schemaId);
  const resolved = reader.read(original);
  if (resolved.kind !== "unresolved-schema") return resolved;
  throw new RegistryUnavailable(`schema ${resolved.schemaId} of ${id} cannot be looked up`);
}

function createForecasts() {
  const counts: ReplayPreview["counts"] = {
    would_apply: 0,
    already_applied: 0,
    stale: 0,
    would_fail: 0,
    not_replayable: 0,
  };
  const samples: ReplayPreview["samples"] = {};
  const failures = new Map<string, ReplayPreview["failures"][number]>();

  return {
    add({ id, original }: IndexedDeadLetter, { forecast, failure }: Foreseen): void {
      counts[forecast] += 1;
      const own = (samples[forecast] ??= []);
      if (own.length < maxSamples) own.push(id);
      if (failure === undefined) return;
      const { reason, errorType, message } = failure;
      const { fingerprint, pattern } = kindOfFailure(
        errorType,
        reason,
        message,
        original.key?.toString("utf8"),
      );
      const row = failures.get(fingerprint) ?? { reason, errorType, pattern, count: 0, sampleIds: [] };
      row.count += 1;
      if (row.sampleIds.length < maxSamples) row.sampleIds.push(id);
      failures.set(fingerprint, row);
    },
    told: () => ({
      counts,
      samples,
      failures: [...failures.values()].toSorted((left, right) => right.count - left.count),
    }),
  };
}
