import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { z } from "zod";
import { systemACartRoutes } from "./dialects/system-a.ts";
import { systemBCartRoutes } from "./dialects/system-b.ts";
import { systemCRoutes } from "./dialects/system-c.ts";
import { unusedPorts } from "./http/unused-ports.ts";
import { createOrderSchema, orderIdSchema, statusSchema, updateStatusSchema } from "./models.ts";
import { cartProcedures, orderProcedures } from "./procedures.ts";
import { failed, success } from "./result.ts";
import { amountSchema, placeOrderSchema, sagaPageQuerySchema, sagaQuerySchema } from "./sagas.ts";

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

test("whatever system C lets through, the procedure's own schema accepts unchanged", async () => {
  const heard: unknown[] = [];
  const hear = (schema: z.ZodType, input: unknown) => {
    expect(schema.parse(input)).toEqual(input);
    heard.push(input);
    return Promise.resolve(failed({ code: "unavailable", message: "" } as const));
  };
  const procedures = orderProcedures({
    ...unusedPorts,
    sagaCommands: { place: (order) => hear(placeOrderSchema, order) },
    sagas: {
      ...unusedPorts.sagas,
      list: (query) => hear(sagaPageQuerySchema, query),
      get: (orderId) => hear(sagaQuerySchema, { orderId }),
    },
    catalog: { list: () => Promise.resolve(success({ products: [] })) },
  });
  const amount = fc.integer({ min: -1, max: 100_000_001 }).map((cents) => cents / 100);
  const line = fc.record({
    productId: text,
    quantity: fc.oneof(fc.integer({ min: -1, max: 1100 }), fc.double()),
    price: fc.oneof(amount, fc.double()),
  });
  const number = fc.oneof(fc.nat(), fc.maxSafeInteger(), fc.constantFrom(1e9, 1000, 1001)).map(String);
  const wire = fc.oneof(
    fc.record({ customerId: text, items: fc.array(line, { maxLength: 3 }) }),
    fc.record({ pageNo: number, pageSize: number }, { requiredKeys: [] }),
    fc.record({ orderId: number }),
  );
  await fc.assert(
    fc.asyncProperty(wire, async (sent) => {
      for (const route of systemCRoutes) {
        const call = route.prepare(procedures, sent);
        if (call.ok) await call.value({ requestId: "r" });
      }
    }),
    { numRuns: 300 },
  );
  expect(heard.length).toBeGreaterThan(0);
});

test("an amount is taken exactly when it is a number of cents", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000_000 }), (cents) => {
      expect(amountSchema.safeParse(Number((cents / 100).toFixed(2))).success).toBe(true);
    }),
  );
  for (const amount of [0.001, 9.999, 1.005, 0.1 + 0.2, 1_000_000.01, -0.01]) {
    expect(amountSchema.safeParse(amount).success).toBe(false);
  }
});
