// One process of the order service: the real worker and the real outbox on a simulated machine.
import type { PublishOutcome } from "../../../kafka/publisher.ts";
import { createLogger } from "../../../service/logger.ts";
import { type BreakerOptions, createBreaker } from "../../dead-letters/breaker.ts";
import { createDeadLetterOutbox } from "../../dead-letters/dead-letter-outbox.ts";
import { retryPolicies } from "../../domain/verdict.ts";
import type { BatchWrite, SaveOutcome } from "../../store/order-store.ts";
import type { ParkedId, ParkedRecord } from "../../store/parked-records.ts";
import { StoreUnavailable } from "../../store/store-unavailable.ts";
import { simulatedFailure } from "../failures.ts";
import { partitionKey } from "../partition.ts";
import { eventTypeOf } from "../record-reader.ts";
import { createWorker, type Worker, type WorkerOptions } from "../worker.ts";
import type { Accounts } from "./accounts.ts";
import { badDeployMessage } from "./attempts-check.ts";
import type { SimulatedGroup } from "./group.ts";
import type { Machine } from "./machine.ts";
import type { Random } from "./random.ts";
import { createSimulatedReader } from "./simulated-reader.ts";
import type { SimulatedStore } from "./simulated-store.ts";

export interface Instance {
  readonly machine: Machine;
  readonly worker: Worker;
  /** As a process that is asked to stop. */
  stop(): Promise<void>;
}

export interface Surroundings {
  readonly store: SimulatedStore;
  readonly accounts: Accounts;
  readonly groups: ReadonlyMap<string, SimulatedGroup>;
  readonly random: Random;
  readonly breaker: BreakerOptions;
  readonly bounds: Pick<WorkerOptions, "maxBatchSize" | "maxInbox" | "maxUnsettled" | "maxDying">;
  /** Whether orders of a certain name meet an error that nobody expected. */
  isDeployBad(): boolean;
  /** Chance that the process dies at a named point. */
  readonly crashPointRate: () => number;
  /** Broken on purpose: letters are acknowledged that the topic never gets. */
  readonly swallowsLetters: boolean;
  /** Told what happens, for people who look into a life. */
  readonly trace: ((line: string) => void) | undefined;
}

const logger = createLogger({ level: "error", format: "json", write: () => undefined });
const policies = retryPolicies({ maxRetries: 3, backoffMs: 1000, maxBackoffMs: 30_000 });

export function openInstance(machine: Machine, surroundings: Surroundings): Instance {
  const { store, accounts, random } = surroundings;
  /** Between the plan and the point at which it is accepted or put aside nobody else has a turn. */
  let deciding: ParkedId[] = [];
  let decided: readonly ParkedId[] = [];
  const putAside = new WeakMap<BatchWrite["changes"], readonly ParkedId[]>();

  const at = () => `${machine.clock.nowMs()} ${machine.name}`;
  const unavailable = (): never => {
    throw new StoreUnavailable("simulated");
  };
  const call = <Answer>(work: () => Answer) => machine.call<Answer>("store", work, unavailable);

  function save(batch: BatchWrite, tried: readonly ParkedId[]): SaveOutcome {
    if (surroundings.isDeployBad() && batch.changes.some(({ order }) => order.orderId.startsWith("CURSED"))) {
      throw new Error(badDeployMessage);
    }
    const ids = [...batch.unpark, ...batch.park, ...batch.repark];
    const before = new Map<string, ParkedRecord | undefined>(
      ids.map((id) => [idText(id), store.parkedAt(id)]),
    );
    const outcome = store.save(batch);
    surroundings.trace?.(`${at()} save ${outcome.kind}: ${describeBatch(batch, tried)}`);
    // Letting go of dead letters is no plan: one that was made before, and refused, is not about it.
    const isPlanned =
      batch.changes.length + batch.park.length + batch.repark.length > 0 ||
      ids.length === 0 ||
      [...before.values()].some((row) => row !== undefined && row.state !== "dead");
    if (outcome.kind === "saved")
      accounts.onSaved(batch, isPlanned ? tried : [], (id) => before.get(idText(id)), machine.clock.nowMs());
    return outcome;
  }

  const worker: Worker = createWorker({
    store: {
      load: (ids) => call(() => store.load(ids)),
      save: (batch) => {
        const tried = putAside.get(batch.changes) ?? decided;
        decided = [];
        return call(() => save(batch, tried));
      },
      stage(changes) {
        putAside.set(changes, deciding);
      },
      claim: (sources) => {
        // After a store that was away, and never within a batch: what was being planned was given up, and the next batch may
        // be a smaller one.
        deciding = [];
        return call(() => {
          const claims = store.claim(sources);
          surroundings.trace?.(`${at()} claim: ${JSON.stringify(claims)}`);
          accounts.onClaims(claims);
          return claims;
        });
      },
      readProgress: (sources) => call(() => store.readProgress(sources)),
      loadParked: (ids) => call(() => store.loadParked(ids)),
      listDue: (sources, nowMs, limit) => call(() => store.listDue(sources, nowMs, limit)),
    },
    reader: createSimulatedReader(machine),
    policies,
    // Asked once for each record that is tried, in the order of trying: so this is where the checker learns the order.
    simulate({ lane, partition: { source }, record: { offset }, reading: { decoded } }) {
      // A record that is asked for again belongs to a new plan: the one before was not good enough to be written.
      if (deciding.some((id) => id.source === source && id.offset === offset)) deciding = [];
      deciding.push({ source, offset });
      if (!lane.startsWith("TEST-FAIL")) return undefined;
      return simulatedFailure(decoded === null ? null : eventTypeOf(decoded));
    },
    outbox: createDeadLetterOutbox({
      publisher: { publish: (letter) => machine.call("dlq", () => publish(letter), lostLetter) },
      codec: { encode: (_topic, _name, event) => ({ ok: true, value: Buffer.from(JSON.stringify(event)) }) },
      topic: "order-events-dlq",
      clock: machine.clock,
      logger,
      onPublished: (ids) => worker.onPublished(ids),
      random: () => random.next(),
    }),
    breaker: createBreaker(surroundings.breaker),
    clock: machine.clock,
    logger,
    sourceOf: partitionKey,
    reachCrashPoint(point) {
      if (point === "before-store-commit") {
        decided = deciding;
      }
      if (point === "before-store-commit" || point === "after-draft") deciding = [];
      if (random.chance(surroundings.crashPointRate())) machine.crash();
    },
    ...surroundings.bounds,
  });

  function publish(letter: Parameters<Accounts["onLetter"]>[0]): PublishOutcome {
    surroundings.trace?.(
      `${at()} letter ${letter.key.toString()} ${/originalOffset.:\d+/.exec(letter.value?.toString() ?? "")?.[0] ?? ""}`,
    );
    if (!surroundings.swallowsLetters) accounts.onLetter(letter);
    return { ok: true, value: { partition: 0, offset: 0 } };
  }

  for (const [groupId, group] of surroundings.groups) {
    group.join(machine, (source) => worker.join(groupId, () => source));
  }
  return {
    machine,
    worker,
    async stop() {
      await Promise.all([...surroundings.groups.values()].map((group) => group.leave(machine)));
      await worker.stop();
    },
  };
}

/** Whether it was written is told to nobody. */
function lostLetter(): PublishOutcome {
  return { ok: false, failure: { kind: "unknown", code: -185, message: "simulated" } };
}

function describeBatch({ progress, park, repark, unpark }: BatchWrite, tried: readonly ParkedId[]): string {
  const parked = [...park, ...repark].map((row) => `${idText(row)} ${row.state} until ${row.dueAtMs}`);
  const until = progress.map(
    ({ source, epoch, nextOffset }) => `${source} to ${nextOffset} under claim ${epoch}`,
  );
  return `${until.join(", ")}; tried ${tried.map(idText).join(", ")}; ${parked.join(", ")}; gone ${unpark.map(idText).join(", ")}`;
}

function idText({ source, offset }: ParkedId): string {
  return `${source} ${offset}`;
}
