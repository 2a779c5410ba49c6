// The worker's core in many simulated lives, and the checker before broken parts: it must see each of them.
import { describe, expect, test } from "bun:test";
import { type Flaw, runSeed } from "./run-seed.ts";
import { keptReplaySeeds, keptSeeds } from "./seeds.ts";

const livesInCi = 3000;
const replayLivesInCi = 1000;
const busyLivesInCi = 150;

function brokenLives(seeds: Iterable<number>, replays = false, busy = false): string[] {
  const broken: string[] = [];
  for (const seed of seeds) {
    const { violation } = runSeed(seed, { replays, busy });
    if (violation !== undefined) broken.push(`seed ${seed}: ${violation}`);
  }
  return broken;
}

function* upTo(count: number): Generator<number> {
  for (let seed = 0; seed < count; seed += 1) yield seed;
}

describe("the simulated worker", () => {
  test("keeps its promises in every life in which it once did not", () => {
    expect(brokenLives(keptSeeds)).toEqual([]);
  });

  test(
    "settles every record once, in order and on time, whatever breaks meanwhile",
    () => {
      expect(brokenLives(upTo(livesInCi))).toEqual([]);
    },
    { timeout: 240_000 },
  );

  test("keeps its promises in every life with replays in which it once did not", () => {
    expect(brokenLives(keptReplaySeeds, true)).toEqual([]);
  });

  test(
    "gives each dead letter that is replayed one effect and one outcome, in the order of its order, whatever breaks meanwhile",
    () => {
      expect(brokenLives(upTo(replayLivesInCi), true)).toEqual([]);
    },
    { timeout: 240_000 },
  );

  test(
    "keeps them when batches are full, so that the next one is decided while one is written",
    () => {
      expect(brokenLives(upTo(busyLivesInCi), false, true)).toEqual([]);
      expect(brokenLives(upTo(busyLivesInCi), true, true)).toEqual([]);
    },
    { timeout: 240_000 },
  );

  test("lives the same life again with the same seed", () => {
    for (const seed of [1, 2, 3]) {
      const told: string[][] = [[], []];
      const lives = told.map((lines) => runSeed(seed, { trace: (line) => void lines.push(line) }));
      expect(lives[1]).toEqual(lives[0]);
      expect(told[1]).toEqual(told[0] ?? []);
    }
  });

  test("goes through crashes, dead letters and retries, and not only through quiet lives", () => {
    const lives = Array.from(upTo(60), (seed) => runSeed(seed));
    expect(lives.filter(({ crashes }) => crashes > 0).length).toBeGreaterThan(12);
    expect(lives.filter(({ deadLetters }) => deadLetters > 0).length).toBeGreaterThan(30);
    const replayed = Array.from(upTo(60), (seed) => runSeed(seed, { replays: true }).replays);
    for (const outcome of ["applied", "stale", "failed"] as const) {
      expect(replayed.filter((replays) => replays[outcome] > 0).length).toBeGreaterThan(5);
    }
    expect(lives.filter(({ settledAfterMs }) => settledAfterMs > 1000).length).toBeGreaterThan(12);
  });
});

describe("the checker", () => {
  const flaws: Record<Flaw, string> = {
    "no-fence": "a store that lets overtaken workers write",
    "no-version-guard": "a store that lets the last writer of an order win",
    "progress-is-forgotten": "a store that saves a batch without saying how far it came",
    "attempts-are-forgotten": "a store that forgets attempts",
    "parked-is-forgotten": "a store that does not park with the batch",
    "outcomes-are-forgotten": "a store that forgets the outcomes of replays",
    "letters-are-swallowed": "an outbox that reports what it has not published",
    "commits-what-was-delivered": "offsets that are committed before the store has the records",
  };
  for (const [flaw, name] of Object.entries(flaws)) {
    test(`sees ${name}`, () => {
      const isFlaw = (text: string): text is Flaw => text in flaws;
      if (!isFlaw(flaw)) throw new Error(flaw);
      const isSeen = upTo(200).some(
        (seed) =>
          runSeed(seed, { flaws: new Set([flaw]), replays: flaw === "outcomes-are-forgotten" }).violation !==
          undefined,
      );
      expect(isSeen).toBe(true);
    });
  }
});
