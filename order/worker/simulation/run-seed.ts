// One simulated life of the service: records come in while things break, then everything is whole again and all of it has
// to settle. The same seed lives the same life.
import { createAccounts } from "./accounts.ts";
import { createEventLoop } from "./event-loop.ts";
import { createGroup, type GroupFlaw } from "./group.ts";
import { type Instance, openInstance, type Surroundings } from "./instance.ts";
import { createMachine } from "./machine.ts";
import { createNetwork } from "./network.ts";
import { createRandom, type Random } from "./random.ts";
import { createReplayOperator } from "./replay-operator.ts";
import { createSimulatedStore, type StoreFlaw } from "./simulated-store.ts";
import { createPartitions, type Produced } from "./topics.ts";
import { Violation } from "./violation.ts";
import { createWorkload } from "./workload.ts";

/** Parts that are broken on purpose. */
export type Flaw = StoreFlaw | GroupFlaw | "letters-are-swallowed";

export interface Life {
  readonly seed: number;
  /** What was broken of the worker's promises; undefined when all were kept. */
  readonly violation: string | undefined;
  readonly records: number;
  readonly deadLetters: number;
  readonly crashes: number;
  /** Replays by their outcome. */
  readonly replays: { readonly applied: number; readonly stale: number; readonly failed: number };
  /** Simulated milliseconds from the end of the faults until everything was settled. */
  readonly settledAfterMs: number;
}

export interface LifeOptions {
  readonly flaws?: ReadonlySet<Flaw>;
  /** Whether operators replay dead letters. Default: no. */
  readonly replays?: boolean;
  /** Whether more comes than a batch takes, so that the next one is decided while one is written. Default: no. */
  readonly busy?: boolean;
  /** Told what happens, one line an event. */
  readonly trace?: ((line: string) => void) | undefined;
}

const startMs = 1_000_000;
/** A lane of failing records takes up to 17 s for each of them, and a breaker's probe waits for up to 30 s. */
const settlesWithinMs = 120_000;
const settlesRecordWithinMs = 17_500;
const quietMs = 5000;
/** A copy of a replay comes so long after it at most. */
const latestCopyMs = 5000;

/** Never throws for what it finds; throws for its own defects. */
export function runSeed(
  seed: number,
  { flaws = new Set(), replays = false, busy = false, trace }: LifeOptions = {},
): Life {
  const random = createRandom(seed);
  // The worker's jitter is part of the life.
  const realRandom = Math.random;
  Math.random = () => random.next();
  try {
    return live(seed, random, { flaws, replays, busy, trace });
  } finally {
    Math.random = realRandom;
  }
}

function live(
  seed: number,
  random: Random,
  { flaws, replays: hasReplays, busy, trace }: Required<LifeOptions>,
): Life {
  const loop = createEventLoop(random, startMs);
  const network = createNetwork(loop, random);
  const accounts = createAccounts();
  const store = createSimulatedStore(new Set([...flaws].filter(isStoreFlaw)));
  const topics = {
    events: createPartitions("order-events", "events", random.between(1, 3)),
    updates: createPartitions("order-status-updates", "updates", random.between(1, 2)),
  };
  const replayPartitions = hasReplays ? createPartitions("replays", "replays", random.between(1, 2)) : [];
  const partitions = [...topics.events, ...topics.updates, ...replayPartitions];
  const workload = createWorkload(topics, random);
  const instances: Instance[] = [];
  const violations: string[] = [];
  const fail = ({ message }: Violation) => void violations.push(message);
  let faulty = true;
  let badUntilMs = 0;
  let crashes = 0;
  let opened = 0;
  let records = 0;

  const group = (own: typeof partitions) =>
    createGroup({
      partitions: own,
      loop,
      random,
      accounts,
      fail,
      flaws: new Set([...flaws].filter(isGroupFlaw)),
      isQuick: network.isQuick,
      trace,
    });
  const groups = new Map([
    ["events", group(topics.events)],
    ["updates", group(topics.updates)],
    ...(hasReplays ? [["replays", group(replayPartitions)] as const] : []),
  ]);
  const crashPointRate = random.pick([0, 0, 0.002, 0.01]);
  const surroundings: Surroundings = {
    store,
    accounts,
    replayTopic: hasReplays ? "replays" : undefined,
    groups,
    random,
    breaker: random.pick([{}, { maxFailedKeys: 2, undecodableWindow: 6 }]),
    bounds: busy
      ? { maxBatchSize: random.between(1, 3), maxInbox: random.pick([6, 40]) }
      : random.pick([
          {},
          { maxBatchSize: 3, maxInbox: 6, maxUnsettled: 8, maxDying: 2 },
          { maxBatchSize: 10, maxInbox: 20 },
        ]),
    isDeployBad: () => badUntilMs > loop.nowMs,
    crashPointRate: () => (faulty ? crashPointRate : 0),
    swallowsLetters: flaws.has("letters-are-swallowed"),
    trace,
  };

  function open(): void {
    opened += 1;
    const machine = createMachine({
      name: `instance ${opened}`,
      loop,
      network,
      random,
      onViolation: fail,
      onCrash() {
        crashes += 1;
        trace?.(`${loop.nowMs} ${machine.name} is gone`);
        loop.after(random.between(100, 3000), open);
      },
    });
    instances.push(openInstance(machine, surroundings));
  }
  const living = () => instances.filter(({ machine }) => machine.isAlive);

  function restart(instance: Instance): void {
    void instance.stop().then(() => instance.machine.crash());
  }

  function balance(shuffled: boolean): void {
    for (const own of groups.values()) own.balance(shuffled);
  }
  function balanceForEver(): void {
    balance(false);
    loop.after(random.between(500, 1500), balanceForEver);
  }

  function produce(): void {
    const count = busy || random.chance(0.2) ? random.between(2, 12) : 1;
    for (let index = 0; index < count; index += 1) {
      const produced = workload.produce(loop.nowMs);
      records += 1;
      arrive(produced);
    }
  }

  function arrive(produced: Produced): void {
    accounts.onProduced(produced);
    for (const partition of partitions) {
      if (partition.source === produced.source) for (const own of groups.values()) own.announce(partition);
    }
  }

  const operator = createReplayOperator({
    store,
    accounts,
    partitions: replayPartitions,
    random,
    nowMs: () => loop.nowMs,
    onPublished(produced) {
      records += 1;
      arrive(produced);
    },
    later: (work) => loop.after(random.between(0, latestCopyMs), work),
  });

  function breakSomething(): void {
    const victim = living().length === 0 ? undefined : random.pick(living());
    const parked = store.parked();
    const chosen = parked.length === 0 ? undefined : random.pick(parked);
    const fault = random.between(0, 9);
    trace?.(
      `${loop.nowMs} fault ${fault} ${victim?.machine.name ?? ""} ${chosen === undefined ? "" : `${chosen.source} ${chosen.offset}`}`,
    );
    switch (fault) {
      case 0:
        victim?.machine.crash();
        break;
      case 1:
        victim?.machine.pause(random.between(500, 15_000));
        break;
      case 2:
      case 3:
        balance(true);
        break;
      case 4:
        network.breakFor("store", random.between(100, 5000));
        break;
      case 5:
        network.breakFor(random.pick(["dlq", "kafka", "registry"] as const), random.between(100, 8000));
        break;
      case 6:
        badUntilMs = loop.nowMs + random.between(100, 20_000);
        break;
      case 7:
        if (chosen !== undefined) store.retryNow(chosen, loop.nowMs);
        break;
      case 8:
        if (chosen !== undefined) store.orderDeath(chosen);
        break;
      default:
        if (victim !== undefined) restart(victim);
    }
  }

  function heal(): void {
    faulty = false;
    badUntilMs = 0;
    network.heal();
    for (const { machine } of living()) machine.resume();
  }

  function problem(): string | undefined {
    if (accounts.openCount > 0) return "records are open";
    const [row] = store.parked();
    if (row !== undefined) return `${row.source} ${row.offset} stays parked as ${row.state}`;
    const behind = partitions.find(({ committed, endOffset }) => committed < endOffset);
    if (behind !== undefined)
      return `${behind.source} is committed to ${behind.committed} of ${behind.endOffset}`;
    const busy = living().find(
      ({ worker }) => worker.state.inbox > 0 || worker.state.waitingFor !== undefined,
    );
    return busy === undefined ? undefined : `${busy.machine.name} has something left in memory`;
  }

  const faultsEndMs = startMs + random.between(1000, 40_000);
  const failed = () => violations.length > 0;
  for (let count = random.between(1, 3); count > 0; count -= 1) open();
  balanceForEver();
  const span = faultsEndMs - startMs;
  for (let count = random.between(3, 30); count > 0; count -= 1) loop.after(random.between(0, span), produce);
  for (let count = random.between(0, 10); count > 0; count -= 1)
    loop.after(random.between(0, span), breakSomething);

  if (hasReplays) {
    for (let count = random.between(1, 6); count > 0; count -= 1)
      loop.after(random.between(0, span), () => operator.replay());
  }

  let settledAfterMs = 0;
  try {
    loop.runUntil(failed, faultsEndMs);
    heal();
    // Once more when everything is whole: what is left is what cannot be mended by it.
    const lastReplayMs = hasReplays ? faultsEndMs + random.between(0, 20_000) : faultsEndMs;
    if (hasReplays) loop.after(lastReplayMs - loop.nowMs, () => operator.replay());
    const allCameMs = hasReplays ? lastReplayMs + latestCopyMs + 1 : faultsEndMs;
    if (
      !loop.runUntil(
        () => failed() || (loop.nowMs >= allCameMs && problem() === undefined),
        allCameMs + settlesWithinMs + records * settlesRecordWithinMs,
      )
    ) {
      fail(new Violation(`not settled: ${problem()}; ${accounts.open().slice(0, 3).join("; ")}`));
    }
    settledAfterMs = loop.nowMs - faultsEndMs;
    loop.runUntil(failed, loop.nowMs + quietMs);
    const unsettled = failed() ? undefined : problem();
    if (unsettled !== undefined) fail(new Violation(`no longer settled: ${unsettled}`));
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    fail(error);
  }
  return {
    seed,
    violation: violations[0],
    records,
    deadLetters: accounts.count("let-go"),
    crashes,
    replays: {
      applied: accounts.outcomes("applied"),
      stale: accounts.outcomes("stale"),
      failed: accounts.outcomes("failed"),
    },
    settledAfterMs,
  };
}

function isStoreFlaw(flaw: Flaw): flaw is StoreFlaw {
  return !isGroupFlaw(flaw) && flaw !== "letters-are-swallowed";
}

function isGroupFlaw(flaw: Flaw): flaw is GroupFlaw {
  return flaw === "commits-what-was-delivered";
}
