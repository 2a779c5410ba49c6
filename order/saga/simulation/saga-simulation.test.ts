// System C's core in many simulated lives, and the checker before broken parts: it must see each of them.
import { describe, expect, test } from "bun:test";
import { type Flaw, runSagaSeed } from "./run-saga-seed.ts";

const livesInCi = Number(process.env["SAGA_LIVES"] ?? 400);

/** Lives in which something was wrong once. */
const keptSeeds: readonly number[] = [
  // A save that was given up was carried out after everything had settled.
  9134,
];

function* upTo(count: number): Generator<number> {
  for (let seed = 0; seed < count; seed += 1) yield seed;
}

describe("simulated sagas", () => {
  test(
    "end once each, as specified, in the store and on the topics, whatever breaks meanwhile",
    () => {
      const broken: string[] = [];
      for (const seed of [...keptSeeds, ...upTo(livesInCi)]) {
        const { violation } = runSagaSeed(seed);
        if (violation !== undefined) broken.push(`seed ${seed}: ${violation}`);
      }
      expect(broken).toEqual([]);
    },
    { timeout: 240_000 },
  );

  test("live the same life again with the same seed", () => {
    for (const seed of [1, 2, 3]) expect(runSagaSeed(seed)).toEqual(runSagaSeed(seed));
  });

  test("go through crashes, results and dead letters, and not only through quiet lives", () => {
    const lives = Array.from(upTo(60), (seed) => runSagaSeed(seed));
    expect(lives.filter(({ crashes }) => crashes > 0).length).toBeGreaterThan(12);
    expect(lives.filter(({ deadLetters }) => deadLetters > 0).length).toBeGreaterThan(30);
    expect(lives.filter(({ results }) => results > 0).length).toBeGreaterThan(30);
  });
});

describe("the saga checker", () => {
  const flaws: Record<Flaw, string> = {
    "no-version-guard": "a store that lets the last writer of a saga win",
    "progress-is-forgotten": "a store that saves a batch without saying how far it came",
    "results-stay-at-home": "results that overtake their order in another outbox",
    "keys-are-forgotten": "a store that forgets Idempotency-Keys",
    "no-transaction-fence": "a broker that lets overtaken publishers commit",
    "nothing-is-read-back": "an outbox that is taken over without a look at its topics",
  };
  for (const [flaw, name] of Object.entries(flaws)) {
    test(`sees ${name}`, () => {
      const isFlaw = (text: string): text is Flaw => text in flaws;
      if (!isFlaw(flaw)) throw new Error(flaw);
      const isSeen = upTo(300).some((seed) => runSagaSeed(seed, new Set([flaw])).violation !== undefined);
      expect(isSeen).toBe(true);
    }, 60_000);
  }
});
