import { expect, test } from "bun:test";
import { observeCalls } from "./observe-calls.ts";

interface Store {
  save(value: string): Promise<string>;
  readonly audit: { list(): Promise<never> };
  readonly size: number;
  close(): string;
}

test("every call that answers a promise is told once, with its part, its name and its error", async () => {
  const failure = new Error("away");
  const store: Store = {
    save: async (value) => `saved ${value}`,
    audit: { list: () => Promise.reject(failure) },
    size: 3,
    close: () => "closed",
  };
  const told: unknown[][] = [];
  const observed = observeCalls(store, (area, operation, durationMs, error) => {
    expect(durationMs).toBeGreaterThanOrEqual(0);
    told.push([area, operation, error]);
  });
  expect(await observed.save("it")).toBe("saved it");
  expect(await observed.audit.list().catch((error: unknown) => error)).toBe(failure);
  expect(observed.size).toBe(3);
  expect(observed.close()).toBe("closed");
  expect(told).toEqual([
    ["", "save", undefined],
    ["audit", "list", failure],
  ]);
});
