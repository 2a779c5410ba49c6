// Carries out what the schedule says about one process: a kill counts only when it met work in flight, and is tried again until it does.
import type { ProcessDisturbance } from "./draw-schedule.ts";
import type { OpenSlot } from "./open-slot.ts";
import type { OpenStage } from "./open-stage.ts";
import { createRecord } from "./write-step.ts";

export interface Disturber {
  /** Lanes side by side, each in its order. What cannot be carried out is written down as such, and the run goes on. */
  carryOut(lanes: readonly (readonly ProcessDisturbance[])[], onDone: () => void): Promise<void>;
  /** Resolves when every recovery that is being measured is known. */
  recovered(): Promise<void>;
}

/** So many orders at once before a kill: every partition has something in flight. */
const burstOf = 150;
const partitions = 3;
const backlogOf = 40_000;
const quietWithinMs = 60_000;
const inFlightWithinMs = 3000;
const crashesWithinMs = 15_000;
const recoversWithinMs = 180_000;
const mostAttempts = 5;
const leavesWithinMs = 10_000;

export function createDisturber(stage: OpenStage): Disturber {
  const measuring = new Set<Promise<void>>();
  let backlogs = 0;

  function measure(what: string, slot: OpenSlot): void {
    const measured = stage.untilCaughtUp(recoversWithinMs).then(
      (recoveredMs) => stage.record({ kind: "kill", what, slot: slot.name, bit: true, recoveredMs }),
      (error: unknown) => {
        stage.record({ kind: "kill", what, slot: slot.name, bit: true });
        expect("all was read in time after a kill", false, String(error));
      },
    );
    measuring.add(measured);
    void measured.finally(() => measuring.delete(measured));
  }

  function expect(what: string, held: boolean, detail: string): void {
    stage.record({
      kind: "note",
      what: "expectation",
      expectations: [{ what, held, ...(held ? {} : { detail }) }],
    });
  }

  /** Whether something was in flight the moment before. */
  async function killAmidWork(slot: OpenSlot): Promise<boolean> {
    stage.load.burst(burstOf);
    let lag = 0;
    await stage
      .until(
        "something is in flight",
        async () => {
          const position = await stage.position();
          lag = position === undefined ? 0 : position.published - position.read;
          return lag > 0;
        },
        inFlightWithinMs,
      )
      .catch(() => undefined);
    await slot.kill();
    await stage.noteAttempts();
    if (lag > 0) measure("random", slot);
    else stage.record({ kind: "kill", what: "random", slot: slot.name, bit: false });
    return lag > 0;
  }

  async function kill(slot: OpenSlot): Promise<void> {
    for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
      await slot.start();
      await slot.untilReady();
      if (await killAmidWork(slot)) return;
    }
    throw new Error(`${slot.name} was killed ${mostAttempts} times and never had work in flight`);
  }

  async function leave(slot: OpenSlot): Promise<void> {
    const startedAt = performance.now();
    const code = await slot.stop();
    const tookMs = performance.now() - startedAt;
    stage.record({ kind: "leave", what: "SIGTERM", slot: slot.name });
    expect(
      "an instance that is asked to stop ends with 0 within 10 s",
      code === 0 && tookMs < leavesWithinMs,
      `${slot.name} ended with ${code} after ${Math.round(tookMs)} ms: ${slot.log()}`,
    );
  }

  async function crash(
    { point, first }: Extract<ProcessDisturbance, { kind: "crash" }>,
    slot: OpenSlot,
  ): Promise<void> {
    await slot.start();
    await slot.untilReady();
    if (first === "kill") await kill(slot);
    else await leave(slot);
    for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
      // While one batch is written, the next is drafted only when it is nearly full.
      const isAhead = point === "after-draft";
      if (isAhead) await writeBacklog();
      await slot.start({ CRASH_AT: point });
      if (!isAhead) stage.load.burst(burstOf);
      const end = await Promise.race([slot.ended(), Bun.sleep(crashesWithinMs)]);
      stage.load.resume();
      await stage.noteAttempts();
      if (end === "SIGKILL") {
        measure(point, slot);
        return;
      }
      if (end !== undefined)
        throw new Error(`${slot.name} ended with ${end} instead of at ${point}: ${slot.log()}`);
      await slot.kill();
      stage.record({ kind: "kill", what: point, slot: slot.name, bit: false });
    }
    throw new Error(`${slot.name} never came to ${point}`);
  }

  /**
   * Creates, on every partition as many as two batches take: whichever the instance gets. Nothing else, because a batch in which
   * something fails is not built upon.
   */
  async function writeBacklog(): Promise<void> {
    backlogs += 1;
    stage.load.pause();
    await stage.until(
      "nothing but the backlog is left to do",
      async () => ((await stage.position())?.parked ?? 1) === 0,
      quietWithinMs,
    );
    for (let partition = 0; partition < partitions; partition += 1) {
      const records = Array.from({ length: backlogOf }, (_, index) => ({
        ...createRecord(stage.writer, `D-${backlogs}-${partition}-${index}`, "B"),
        partition,
      }));
      await stage.publish(records);
    }
  }

  async function killCart(): Promise<void> {
    const { cart } = stage;
    stage.load.burst(burstOf);
    await Bun.sleep(20);
    await cart.kill();
    await cart.start();
    measure("cart", cart);
    await cart.untilReady();
  }

  async function freeze(slot: OpenSlot, forMs: number): Promise<void> {
    await slot.start();
    slot.freeze();
    await Bun.sleep(forMs);
    slot.thaw();
    stage.record({ kind: "freeze", what: `${forMs} ms`, slot: slot.name });
  }

  async function carryOutOne(disturbance: ProcessDisturbance): Promise<void> {
    if (disturbance.kind === "kill-cart") {
      await killCart();
      return;
    }
    const slot = stage.orders[disturbance.slot] ?? stage.orders[0];
    switch (disturbance.kind) {
      case "kill":
        await kill(slot);
        break;
      case "crash":
        await crash(disturbance, slot);
        break;
      case "freeze":
        await freeze(slot, disturbance.forMs);
        break;
    }
    await slot.start();
  }

  return {
    async carryOut(lanes, onDone) {
      await Promise.all(
        lanes.map(async (lane) => {
          for (const disturbance of lane) {
            await carryOutOne(disturbance).catch((error: unknown) =>
              expect(`it can be carried out: ${disturbance.kind}`, false, String(error)),
            );
            onDone();
          }
        }),
      );
    },
    async recovered() {
      await Promise.all(measuring);
    },
  };
}
