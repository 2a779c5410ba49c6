import { describe, expect, test } from "bun:test";
import { runRounds } from "./run-rounds.ts";

const quiet = { show: () => undefined };

describe("rounds", () => {
  test("run every case once each, in an order that is reversed from round to round", async () => {
    const ran: string[] = [];
    const heat = (name: string) => ({
      group: "g",
      name,
      run: async () => ({ figures: { turn: ran.push(name) } }),
    });
    const cases = await runRounds([heat("a"), heat("b"), heat("c")], 3, quiet);
    expect(ran.join("")).toBe("abccbaabc");
    expect(cases).toEqual([
      { group: "g", name: "a", rounds: [{ turn: 1 }, { turn: 6 }, { turn: 7 }] },
      { group: "g", name: "b", rounds: [{ turn: 2 }, { turn: 5 }, { turn: 8 }] },
      { group: "g", name: "c", rounds: [{ turn: 3 }, { turn: 4 }, { turn: 9 }] },
    ]);
  });

  test("leave out what is not known", async () => {
    const run = async () => ({ figures: { known: 1, expired: undefined, rssMb: Number.NaN } });
    const [only] = await runRounds([{ group: "", name: "a", run }], 1, quiet);
    expect(only?.rounds).toEqual([{ known: 1 }]);
  });

  test("end with the case that failed, by name", () => {
    const run = async () => {
      throw new Error("an order was lost");
    };
    expect(runRounds([{ group: "g", name: "a", run }], 1, quiet)).rejects.toThrow(
      "g, a, round 1: an order was lost",
    );
  });
});
