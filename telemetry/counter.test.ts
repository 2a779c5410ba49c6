import { expect, test } from "bun:test";
import { createCounter } from "./counter.ts";
import { createHistogram } from "./histogram.ts";
import { countSeries, firstOf, oneOf } from "./labels.ts";

test("a value outside its set counts as other, so no id makes a series of its own", () => {
  const counter = createCounter({ name: "events", help: "x", sets: { cause: oneOf(["late"]) } });
  for (let order = 0; order < 1000; order += 1) counter.add({ cause: `ORD-${order}` });
  counter.add({ cause: "late" }, 7);
  expect(counter.series()).toEqual([
    { labels: { cause: "late" }, value: 7 },
    { labels: { cause: "other" }, value: 1000 },
  ]);
  expect(countSeries(counter.sets)).toBe(2);
});

test("what has never happened is there with 0, unless the family asks otherwise", () => {
  const sets = { topic: oneOf(["a", "b"]), outcome: oneOf(["ok", "bad"]) };
  expect(
    createCounter({ name: "x", help: "x", sets })
      .series()
      .map(({ labels, value }) => [labels["topic"], labels["outcome"], value]),
  ).toEqual([
    ["a", "ok", 0],
    ["a", "bad", 0],
    ["b", "ok", 0],
    ["b", "bad", 0],
  ]);
  expect(createCounter({ name: "x", help: "x", sets, startsAtZero: false }).series()).toEqual([]);
});

test("a total is that of all series with the labels that are asked for", () => {
  const counter = createCounter({
    name: "x",
    help: "x",
    sets: { topic: oneOf(["a", "b"]), outcome: oneOf(["ok", "bad"]) },
  });
  counter.add({ topic: "a", outcome: "ok" }, 3);
  counter.add({ topic: "b", outcome: "ok" }, 4);
  counter.add({ topic: "b", outcome: "bad" });
  expect(counter.total()).toBe(8);
  expect(counter.total({ outcome: "ok" })).toBe(7);
  expect(counter.total({ topic: "b", outcome: "bad" })).toBe(1);
});

test("the first values of a limited set have series, and later ones share one", () => {
  const counter = createCounter({ name: "x", help: "x", sets: { route: firstOf(3) }, startsAtZero: false });
  for (const route of ["/a", "/b", "/c", "/d", "/a"]) counter.add({ route });
  expect(counter.series().map(({ labels, value }) => [labels["route"], value])).toEqual([
    ["/a", 2],
    ["/b", 1],
    ["other", 2],
  ]);
});

test("a histogram counts each observation in the first bucket that holds it", () => {
  const histogram = createHistogram({ name: "x_seconds", help: "x", sets: {}, bounds: [0.1, 1] });
  const observer = histogram.at({});
  observer.observe(0.1);
  observer.observe(0.5, 10);
  observer.observe(60);
  // A clock that is behind.
  observer.observe(-3);
  expect(histogram.series()).toEqual([
    { labels: {}, counts: [2, 10, 1], count: 13, sum: 0.1 + 0.5 * 10 + 60 },
  ]);
});
