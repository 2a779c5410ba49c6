import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { z } from "zod";
import { systemACartRoutes } from "./dialects/system-a.ts";
import { systemBCartRoutes } from "./dialects/system-b.ts";
import { createOrderSchema, orderIdSchema, statusSchema, updateStatusSchema } from "./models.ts";
import { cartProcedures } from "./procedures.ts";
import { success } from "./result.ts";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 140 }),
  fc.string({
    unit: fc.constantFrom(" ", "\t", "\u00a0", "\u0085", "\u180e", "\ufeff", "\0", "x", "é", "😀"),
    maxLength: 140,
  }),
  fc.constantFrom(
    "x".repeat(128),
    "x".repeat(129),
    ` ${"x".repeat(128)} `,
    "😀".repeat(128),
    "😀".repeat(129),
  ),
);

describe.each([
  ["orderId", orderIdSchema],
  ["status", statusSchema],
] as const)("%s", (_name, schema) => {
  test("documents exactly the rule that it applies", () => {
    const { pattern } = z.toJSONSchema(schema, { io: "input" });
    const documented = new RegExp(pattern ?? "", "u");
    fc.assert(
      fc.property(text, (value) => {
        expect(documented.test(value)).toBe(schema.safeParse(value).success);
      }),
      { numRuns: 2000 },
    );
  });

  test("what it accepts is trimmed, and accepted again unchanged", () => {
    fc.assert(
      fc.property(text, (value) => {
        const first = schema.safeParse(value);
        if (!first.success) return;
        expect(first.data).toBe(value.trim());
        expect(schema.parse(first.data)).toBe(first.data);
      }),
    );
  });
});

test("surrogates that pair up across a whole string are fine, lone ones are not", () => {
  expect(orderIdSchema.safeParse("\ud83d\ude00").success).toBe(true);
  expect(orderIdSchema.safeParse("\ud83d").success).toBe(false);
  expect(orderIdSchema.safeParse("\ude00\ud83d").success).toBe(false);
});

test("whatever a dialect lets through, the procedure's own schema accepts unchanged", async () => {
  const heard: unknown[] = [];
  const procedures = cartProcedures({
    createOrder: async (command) => {
      heard.push(createOrderSchema.parse(command));
      return success({
        ...command,
        customerId: "",
        orderDate: "",
        items: [],
        totalAmount: 0,
        currency: "",
        status: "",
      });
    },
    updateStatus: async (command) => {
      heard.push(updateStatusSchema.parse(command));
      return success(command);
    },
  });
  const count = fc.oneof(fc.integer({ min: -1, max: 1100 }), fc.double());
  const body = fc.record({
    orderId: text,
    numItems: count,
    itemsCount: count,
    status: fc.oneof(text, fc.constant("New")),
  });
  await fc.assert(
    fc.asyncProperty(body, async ({ orderId, numItems, itemsCount, status }) => {
      for (const wire of [
        { orderId, numItems },
        { orderId, itemsCount },
        { orderId, status },
      ]) {
        for (const route of [...systemACartRoutes, ...systemBCartRoutes]) {
          const call = route.prepare(procedures, wire);
          if (call.ok) await call.value({ requestId: "r" });
        }
      }
    }),
    { numRuns: 200 },
  );
  expect(heard.length).toBeGreaterThan(0);
});
