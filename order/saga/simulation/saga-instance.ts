// One process of the order service as far as system C goes: the real worker, outbox, deadlines and placer on a simulated
// machine.
import type { SagaCommands } from "../../../contract/ports.ts";
import type { TransactionOutcome } from "../../../kafka/transactional-publisher.ts";
import { createLogger } from "../../../service/logger.ts";
import type { SagaWrite } from "../store/saga-store.ts";
import { StoreUnavailable } from "../../store/store-unavailable.ts";
import { partitionKey } from "../../worker/partition.ts";
import type { SimulatedGroup } from "../../worker/simulation/group.ts";
import type { Machine } from "../../worker/simulation/machine.ts";
import type { Random } from "../../worker/simulation/random.ts";
import { createBuiltInCatalog } from "../catalog/built-in-catalog.ts";
import { createDeadlineWatch } from "../deadline-watch.ts";
import { createDecisionReader } from "../decision-reader.ts";
import { createOrderPlacer } from "../order-placer.ts";
import { createSagaCommands } from "../place-order.ts";
import { createReadBack } from "../read-back.ts";
import { createSagaMessages } from "../saga-messages.ts";
import { createSagaOutbox, type OpenLanePublisher } from "../saga-outbox.ts";
import { createSagaWorker } from "../saga-worker.ts";
import { createSagaWriter } from "../saga-writer.ts";
import type { ModelBroker } from "./model-broker.ts";
import type { ModelStore } from "./model-store.ts";

export interface SagaInstance {
  readonly id: string;
  readonly machine: Machine;
  readonly commands: SagaCommands;
  readonly isBusy: boolean;
  /** As a process that is asked to stop. */
  stop(): Promise<void>;
}

export interface SagaSurroundings {
  readonly store: ModelStore;
  readonly broker: ModelBroker;
  readonly group: SimulatedGroup;
  readonly random: Random;
  readonly windowMs: number;
  /** Chance that the process dies at a named point. */
  readonly crashPointRate: () => number;
  /** Chance that a transaction is aborted. */
  readonly abortRate: () => number;
  /** Broken on purpose: a publisher that takes an outbox over does not look what is published. */
  readonly readsNothingBack: boolean;
}

export const ordersTopic = "orders";
export const dlqTopic = "recovererDLQ";
export const decisionTopics = { payment: "payment-orders", stock: "stock-orders" } as const;

const logger = createLogger({ level: "error", format: "json", write: () => undefined });
const catalog = createBuiltInCatalog();
const undecodable = { kind: "undecodable", reason: "not_avro_framed", message: "No Avro here." } as const;

export function openSagaInstance(id: string, machine: Machine, surroundings: SagaSurroundings): SagaInstance {
  const { store, broker, group, random, windowMs } = surroundings;
  const { clock } = machine;
  const unavailable = (): never => {
    throw new StoreUnavailable("simulated");
  };
  const call = <Answer>(work: () => Answer) => machine.call<Answer>("store", work, unavailable);
  const reachCrashPoint = () => {
    if (random.chance(surroundings.crashPointRate())) machine.crash();
  };

  async function openPublisher(outboxId: string): Promise<OpenLanePublisher> {
    let epoch: number | undefined;
    return {
      async init() {
        epoch = await machine.call<number | undefined>(
          "dlq",
          () => broker.init(outboxId),
          () => undefined,
        );
        return epoch === undefined ? notInitialised : { ok: true };
      },
      async publishAll(records) {
        const own = epoch;
        if (own === undefined) return failure("fenced");
        if (random.chance(surroundings.abortRate())) return failure("unavailable");
        const outcome = await machine.call<TransactionOutcome>(
          "dlq",
          () => broker.commit(outboxId, own, records, clock.nowMs()),
          () => failure("unknown"),
        );
        if (!outcome.ok) epoch = undefined;
        return outcome;
      },
      close: () => Promise.resolve(),
    };
  }

  const storePort = {
    claim: (sources: readonly string[]) => call(() => store.claim(sources)),
    allocateOrderIds: (count: number) => call(() => store.allocateOrderIds(count)),
    load: (orderIds: readonly number[]) => call(() => store.load(orderIds)),
    save: (write: SagaWrite) => call(() => store.save(write)),
    read: (orderId: number) => call(() => store.read(orderId)),
    readRequest: (key: string) => call(() => store.readRequest(key)),
    listDue: (nowMs: number, limit: number) => call(() => store.listDue(nowMs, limit)),
    leaseOutbox: (outboxId: string, owner: string, nowMs: number, untilMs: number) =>
      call(() => store.leaseOutbox(outboxId, owner, nowMs, untilMs)),
    listAbandonedOutboxes: (nowMs: number) => call(() => store.listAbandonedOutboxes(nowMs)),
    readOutbox: (outboxId: string, afterSeq: number, limit: number) =>
      call(() => store.readOutbox(outboxId, afterSeq, limit)),
    settleOutbox: (outboxId: string, seq: number, ends: Readonly<Record<string, number>>) =>
      call(() => store.settleOutbox(outboxId, seq, ends)),
    releaseOutbox: (outboxId: string, owner: string) => call(() => store.releaseOutbox(outboxId, owner)),
  };
  const readBack = createReadBack([ordersTopic, dlqTopic], async ({ topic, from, onRecords }) => {
    const found = await machine.call(
      "kafka",
      () => broker.read(topic, from),
      () => undefined,
    );
    if (found === undefined) return { ok: false, failure: { kind: "unavailable", code: 1, message: "away" } };
    if (!surroundings.readsNothingBack) onRecords(found.records);
    return { ok: true, value: found.nextOffsets };
  });
  const outbox = createSagaOutbox({
    id,
    store: storePort,
    openPublisher,
    readBack,
    shrink: () => undefined,
    clock,
    logger,
    reachCrashPoint,
  });
  const reader = createDecisionReader(
    { decode: () => ({ ok: false, failure: undecodable }), resolve: async () => "missing" },
    decisionTopics,
  );
  const messages = createSagaMessages({
    codec: {
      // Only what the books ask for.
      encode: (_topic, _name, event) => ({ ok: true, value: Buffer.from(JSON.stringify(event)) }),
    },
    reader,
    ordersTopic,
    dlqTopic,
  });
  const writer = createSagaWriter({ store: storePort, messages, outbox, clock });
  const deadlines = createDeadlineWatch({ store: storePort, writer, clock, logger });
  const worker = createSagaWorker({
    store: storePort,
    readProgress: (sources) => call(() => store.readProgress(sources)),
    reader,
    writer,
    windowMs,
    clock,
    logger,
    sourceOf: partitionKey,
    onSaved: (sagas) => deadlines.note(sagas),
    reachCrashPoint,
    ...random.pick([{}, { maxBatchSize: 3, maxInbox: 6 }]),
  });
  const placer = createOrderPlacer({ store: storePort, writer, outbox, windowMs, clock });

  void outbox.start();
  deadlines.start();
  group.join(machine, (source) => worker.join("saga", () => source));
  return {
    id,
    machine,
    commands: createSagaCommands({ catalog, store: storePort, placer, clock }),
    get isBusy() {
      return worker.waitingFor !== undefined || outbox.blockedBy !== undefined;
    },
    async stop() {
      await placer.stop();
      await group.leave(machine);
      await worker.stop();
      await deadlines.stop();
      await outbox.stop();
    },
  };
}

const notInitialised = {
  ok: false,
  failure: { kind: "unavailable", code: -185, message: "simulated" },
} as const;

function failure(kind: "fenced" | "unavailable" | "unknown"): TransactionOutcome {
  return { ok: false, failure: { kind, code: -185, message: "simulated", index: null } };
}
