// One simulated life of system C: orders and decisions come in while things break, then everything is whole again and all
// of it has to settle. The same seed lives the same life.
import { createEventLoop } from "../../worker/simulation/event-loop.ts";
import { createGroup } from "../../worker/simulation/group.ts";
import { createMachine } from "../../worker/simulation/machine.ts";
import { createNetwork } from "../../worker/simulation/network.ts";
import { createRandom, type Random } from "../../worker/simulation/random.ts";
import { createPartitions } from "../../worker/simulation/topics.ts";
import { Violation } from "../../worker/simulation/violation.ts";
import { findFaults, type Placement, type ProducedDecision } from "./books.ts";
import { type BrokerFlaw, createModelBroker } from "./model-broker.ts";
import { createModelStore, type StoreFlaw } from "./model-store.ts";
import {
  decisionTopics,
  dlqTopic,
  openSagaInstance,
  ordersTopic,
  type SagaInstance,
  type SagaSurroundings,
} from "./saga-instance.ts";

/** Parts that are broken on purpose. */
export type Flaw = StoreFlaw | BrokerFlaw | "nothing-is-read-back";

export interface SagaLife {
  readonly seed: number;
  /** What was broken; undefined when all promises were kept. */
  readonly violation: string | undefined;
  readonly orders: number;
  readonly results: number;
  readonly deadLetters: number;
  readonly crashes: number;
  readonly takeovers: number;
}

const startMs = 1_000_000;
const windowMs = 4000;
const settlesWithinMs = 90_000;
/** A request under a key waits for what it finds, and for what it writes. */
const answersWithinMs = 15_000;

/** Never throws for what it finds; throws for its own defects. */
export function runSagaSeed(seed: number, flaws: ReadonlySet<Flaw> = new Set()): SagaLife {
  const random = createRandom(seed);
  // The jitter of waiting is part of the life.
  const realRandom = Math.random;
  Math.random = () => random.next();
  try {
    return live(seed, random, flaws);
  } finally {
    Math.random = realRandom;
  }
}

function live(seed: number, random: Random, flaws: ReadonlySet<Flaw>): SagaLife {
  const loop = createEventLoop(random, startMs);
  const network = createNetwork(loop, random);
  const store = createModelStore(new Set([...flaws].filter(isStoreFlaw)));
  const broker = createModelBroker(new Set([...flaws].filter(isBrokerFlaw)));
  const sides = {
    payment: createPartitions(decisionTopics.payment, "saga", random.between(1, 2)),
    stock: createPartitions(decisionTopics.stock, "saga", random.between(1, 2)),
  };
  const partitions = [...sides.payment, ...sides.stock];
  const violations: string[] = [];
  const fail = ({ message }: Violation) => void violations.push(message);
  const group = createGroup({
    partitions,
    loop,
    random,
    accounts: { onCommit: () => undefined },
    fail,
    flaws: new Set(),
    isQuick: false,
    trace: undefined,
  });
  let faulty = true;
  let crashes = 0;
  const crashPointRate = random.pick([0, 0.01, 0.05]);
  const abortRate = random.pick([0, 0.02, 0.1]);
  const surroundings: SagaSurroundings = {
    store,
    broker,
    group,
    random,
    windowMs,
    crashPointRate: () => (faulty ? crashPointRate : 0),
    abortRate: () => (faulty ? abortRate : 0),
    readsNothingBack: flaws.has("nothing-is-read-back"),
  };
  const instances = new Map<string, SagaInstance>();
  const decisions: ProducedDecision[] = [];
  const placements: Placement[] = [];

  function open(id: string): void {
    const machine = createMachine({
      name: id,
      loop,
      network,
      random,
      onViolation: fail,
      onCrash() {
        crashes += 1;
        // Sometimes it stays away so long that another instance has to publish what it left.
        loop.after(random.chance(0.3) ? random.between(12_000, 30_000) : random.between(50, 3000), () =>
          open(id),
        );
      },
    });
    instances.set(id, openSagaInstance(id, machine, surroundings));
  }
  const living = () => [...instances.values()].filter(({ machine }) => machine.isAlive);

  /** A client that has a key asks again, any instance, until it has an answer, and now and then once more. */
  function placeOne(): void {
    const placement: Placement = { customerId: `CUST-${placements.length}`, answers: [], open: 0 };
    placements.push(placement);
    const isKeyed = random.chance(0.5);
    const tries = isKeyed ? random.between(1, 4) : 1;
    for (let count = 0; count < tries; count += 1) {
      loop.after(count * random.pick([0, 1, 300, 6000]), () => ask(placement, isKeyed));
    }
  }

  function ask(placement: Placement, isKeyed: boolean): void {
    if (living().length === 0) return;
    const { machine, commands } = random.pick(living());
    const { customerId } = placement;
    placement.open += 1;
    machine.after(0, () => {
      const key = isKeyed ? { idempotencyKey: customerId } : {};
      void commands.place({ customerId, items: anyItems }, { requestId: "r", ...key }).then((answer) => {
        placement.open -= 1;
        placement.answers.push(answer);
      });
    });
  }

  function produce(side: "payment" | "stock", orderId: number | null, eventTimeMs: number): void {
    const own = sides[side];
    const partition = own[(orderId ?? random.between(0, 9)) % own.length];
    if (partition === undefined) return;
    const answer = random.chance(0.6) ? "ACCEPT" : "REJECT";
    const offset = partition.endOffset + (random.chance(0.2) ? random.between(1, 3) : 0);
    partition.endOffset = offset + 1;
    const text = orderId === null ? "poison" : JSON.stringify({ orderId, status: answer, source: null });
    const { topic, source } = partition;
    const record = {
      topic,
      partition: partition.partition,
      offset,
      timestampMs: eventTimeMs,
      key: Buffer.from(String(orderId)),
      value: Buffer.from(text),
      headers: [],
    };
    partition.log.push({ record, source, text: null });
    decisions.push({ record, side, orderId, answer });
    group.announce(partition);
  }

  /** About orders that are placed, that will be, or that never are. */
  function decideSomething(): void {
    if (random.chance(0.05)) return produce(random.pick(["payment", "stock"] as const), null, loop.nowMs);
    const orderId = random.between(1, placements.length + 2);
    const apartMs = random.pick([0, 0, 1000, windowMs, windowMs + 1, 60_000]);
    const times = random.chance(0.5) ? [0, apartMs] : [apartMs, 0];
    const only = random.chance(0.1) ? random.pick(["payment", "stock"] as const) : undefined;
    for (const [index, side] of (["payment", "stock"] as const).entries()) {
      if (only !== undefined && only !== side) continue;
      const eventTimeMs = loop.nowMs + (times[index] ?? 0);
      const copies = random.chance(0.15) ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1) {
        loop.after(random.pick([0, 5, 200, 3000, 8000]), () => produce(side, orderId, eventTimeMs));
      }
    }
  }

  function breakSomething(): void {
    const victim = living().length === 0 ? undefined : random.pick(living());
    switch (random.between(0, 5)) {
      case 0:
        victim?.machine.crash();
        break;
      case 1:
        victim?.machine.pause(random.between(500, 20_000));
        break;
      case 2:
        group.balance(true);
        break;
      case 3:
        network.breakFor("store", random.between(100, 6000));
        break;
      case 4:
        network.breakFor(random.pick(["dlq", "kafka"] as const), random.between(100, 8000));
        break;
      default:
        if (victim !== undefined) void victim.stop().then(() => victim.machine.crash());
    }
  }

  function balanceForEver(): void {
    group.balance(false);
    loop.after(random.between(500, 1500), balanceForEver);
  }

  function unsettled(): string | undefined {
    const behind = partitions.find(({ committed, endOffset }) => committed < endOffset);
    if (behind !== undefined) return `${behind.source}: ${behind.committed} of ${behind.endOffset} committed`;
    for (const [id, { nextSeq, publishedSeq }] of store.outboxes) {
      if (publishedSeq < nextSeq - 1) return `outbox ${id}: ${publishedSeq} of ${nextSeq - 1} published`;
    }
    for (const { orderId, deadlineAtMs } of store.sagas.values()) {
      if (deadlineAtMs !== null) return `order ${orderId} has a deadline`;
    }
    const open = placements.find((placement) => placement.open > 0);
    const busy = living().find(({ isBusy }) => isBusy);
    if (busy !== undefined) return `${busy.id} waits`;
    // Of those whose instance has died nobody hears.
    return open !== undefined && loop.nowMs < healedMs + answersWithinMs
      ? `${open.customerId} waits`
      : undefined;
  }

  const healedMs = startMs + random.between(5000, 40_000);
  const failed = () => violations.length > 0;
  for (let count = random.between(1, 3); count > 0; count -= 1) open(`instance-${count}`);
  balanceForEver();
  const span = healedMs - startMs - 1;
  for (let count = random.between(3, 30); count > 0; count -= 1)
    loop.after(random.between(0, span), placeOne);
  for (let count = random.between(3, 40); count > 0; count -= 1)
    loop.after(random.between(0, span), decideSomething);
  for (let count = random.between(0, 8); count > 0; count -= 1)
    loop.after(random.between(0, span), breakSomething);

  try {
    loop.runUntil(failed, healedMs);
    faulty = false;
    network.heal();
    for (const { machine } of living()) machine.resume();
    // Decisions that are still under way.
    loop.runUntil(failed, healedMs + 9000);
    if (!loop.runUntil(() => failed() || unsettled() === undefined, healedMs + settlesWithinMs)) {
      fail(new Violation(`not settled: ${unsettled()}`));
    }
    loop.runUntil(failed, loop.nowMs + windowMs);
    // A save that was given up may have been carried out since: what it left is published like everything else.
    if (!loop.runUntil(() => failed() || unsettled() === undefined, healedMs + settlesWithinMs + windowMs)) {
      fail(new Violation(`no longer settled: ${unsettled()}`));
    }
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    fail(error);
  }
  const orders = broker.records(ordersTopic);
  const letters = broker.records(dlqTopic);
  const faults = findFaults({ store, orders, letters, decisions, placements, windowMs });
  return {
    seed,
    violation: violations[0] ?? faults[0],
    orders: placements.length,
    results: [...store.sagas.values()].filter(({ status }) => status !== "NEW").length,
    deadLetters: letters.length,
    crashes,
    takeovers: [...store.outboxes].filter(([id, { owner }]) => owner !== null && owner !== id).length,
  };
}

const anyItems = [{ productId: "P-1", quantity: 1, price: 10 }];

function isStoreFlaw(flaw: Flaw): flaw is StoreFlaw {
  return !isBrokerFlaw(flaw) && flaw !== "nothing-is-read-back";
}

function isBrokerFlaw(flaw: Flaw): flaw is BrokerFlaw {
  return flaw === "no-transaction-fence";
}
