import { expect, test } from "bun:test";
import { createIdempotencyKeys, type IdempotencyKeysOptions } from "./idempotency-keys.ts";

type Outcome = { ok: boolean; answer: string };
const published: Outcome = { ok: true, answer: "published" };
const unavailable: Outcome = { ok: false, answer: "unavailable" };

function openKeys(options: IdempotencyKeysOptions = {}) {
  const keys = createIdempotencyKeys(options);
  return (key: string, fingerprint: string, publish: () => Promise<Outcome> = async () => published) =>
    keys.run<Outcome>({
      key,
      fingerprint,
      publish,
      answerRepeat: (requestedAt) => ({ ok: true, answer: `repeat of ${requestedAt.getTime()}` }),
      refuse: () => ({ ok: false, answer: "other request" }),
    });
}

test("another request under the same key is refused, also while the first runs", async () => {
  const run = openKeys();
  const first = Promise.withResolvers<Outcome>();
  const running = run("key", "a", () => first.promise);
  expect((await run("key", "b")).answer).toBe("other request");
  first.resolve(published);
  await running;
  expect((await run("key", "b")).answer).toBe("other request");
});

test("a repeat while the first request runs shares its outcome and publishes nothing", async () => {
  const run = openKeys();
  let publishes = 0;
  const first = Promise.withResolvers<Outcome>();
  const publish = () => {
    publishes += 1;
    return first.promise;
  };
  const outcomes = [run("key", "a", publish), run("key", "a", publish)];
  first.resolve(published);
  expect(await Promise.all(outcomes)).toEqual([published, published]);
  expect(publishes).toBe(1);
});

test("a repeat after success is answered with the time of the first", async () => {
  let clockMs = 5000;
  const run = openKeys({ now: () => new Date(clockMs) });
  await run("key", "a");
  clockMs = 6000;
  expect((await run("key", "a")).answer).toBe("repeat of 5000");
});

test("a failed or throwing request is forgotten, so that its repeat publishes again", async () => {
  const run = openKeys();
  expect(await run("key", "a", async () => unavailable)).toEqual(unavailable);
  const surprise = await run("key", "a", () => Promise.reject(new Error("surprise"))).catch(
    (error: unknown) => error,
  );
  expect(surprise).toEqual(new Error("surprise"));
  expect(await run("key", "a")).toEqual(published);
});

test("keys are forgotten after their time and beyond the capacity, the oldest first", async () => {
  let clockMs = 0;
  const run = openKeys({ rememberMs: 1000, capacity: 2, now: () => new Date(clockMs) });
  for (const key of ["a", "b", "c"]) await run(key, "x");
  expect(await run("a", "other")).toEqual(published);
  clockMs = 1000;
  expect(await run("c", "other")).toEqual(published);
});
