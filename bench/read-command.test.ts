import { describe, expect, test } from "bun:test";
import { readCommand } from "./read-command.ts";

const read = (text: string) => readCommand(text.split(" ").filter(Boolean));

describe("the command line", () => {
  test("without a part means all parts", () => {
    expect(read("")).toEqual({ kind: "all", size: "full", save: false });
    expect(read("-- --quick --save")).toEqual({ kind: "all", size: "quick", save: true });
  });

  test("a part has its own sizes, and what is given on top of them", () => {
    expect(read("create --connections 1,64 --rounds 5")).toMatchObject({
      kind: "part",
      size: "own",
      options: { connections: [1, 64], rounds: 5 },
    });
    expect(read("growth --rounds 9")).toMatchObject({ size: "full", options: { rounds: 9 } });
    expect(read("growth --orders 0,10 --quick")).toMatchObject({
      size: "quick",
      options: { orders: [0, 10] },
    });
  });

  test("the result tells the options that the part has, and no others", () => {
    const command = read("latency --rates 100");
    expect(command.kind === "part" ? Object.keys(command.told).sort() : []).toEqual([
      "rates",
      "rounds",
      "seconds",
    ]);
  });

  test("what a part does not have, no number and no part are each refused with a sentence", () => {
    for (const [text, problem] of [
      ["latency --connections 1", "latency has no --connections."],
      ["create --rounds x", "rounds"],
      ["create --rounds 0", "rounds"],
      ["speed", "There is no part speed."],
      ["--rounds 2", "--rounds belongs to a part: name the part."],
      ["create --speed 2", "--speed"],
    ] as const) {
      const command = read(text);
      expect(command.kind === "usage" ? command.lines[0] : command.kind).toContain(problem);
    }
  });
});
