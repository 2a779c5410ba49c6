// An edited event on its way to bytes: whatever an operator has typed, as one of the three event types or the lines that say why
// not; and what it changes. Pure.
import { z } from "zod";
import { invalidRequest, type ContractFailure } from "../../contract/errors.ts";
import { failed, type Result, success } from "../../contract/result.ts";
import type { Codec, EncodeOutcome } from "../../schemas/codec.ts";

const item = z.strictObject({ itemId: z.string(), quantity: z.number(), price: z.number() });
const created = {
  customerId: z.string(),
  orderDate: z.string(),
  items: z.array(item),
  totalAmount: z.number(),
  currency: z.string(),
  status: z.string(),
};
const head = { orderId: z.string(), timestamp: z.string() };
const orderSchema = z.strictObject({ orderId: z.string(), ...created });
const statusSchema = z.strictObject({
  orderId: z.string(),
  status: z.string(),
  updateTimestamp: z.string(),
  eventType: z.string(),
});
const envelopeSchema = z.discriminatedUnion("eventType", [
  z.strictObject({ ...head, eventType: z.literal("CREATE"), payload: z.strictObject(created) }),
  z.strictObject({
    ...head,
    eventType: z.literal("UPDATE"),
    payload: z.strictObject({ status: z.string() }),
  }),
]);

/** In the schema that its kind of event has today. */
export function encodeEdited(
  codec: Pick<Codec, "encode">,
  topic: string,
  eventType: string | null,
  event: unknown,
): Result<EncodeOutcome, ContractFailure> {
  switch (eventType) {
    case "Order": {
      const read = fit(orderSchema, event);
      return read.ok ? success(codec.encode(topic, "Order", read.value)) : read;
    }
    case "OrderStatusUpdate": {
      const read = fit(statusSchema, event);
      return read.ok ? success(codec.encode(topic, "OrderStatusUpdate", read.value)) : read;
    }
    case "OrderEvent": {
      const read = fit(envelopeSchema, event);
      return read.ok ? success(codec.encode(topic, "OrderEvent", read.value)) : read;
    }
    case null:
    default:
      return failed(
        invalidRequest(["Only a dead letter that could be decoded as an order's event can be edited"]),
      );
  }
}

function fit<Event>(schema: z.ZodType<Event>, event: unknown): Result<Event, ContractFailure> {
  const parsed = schema.safeParse(event);
  if (parsed.success) return success(parsed.data);
  const { issues } = parsed.error;
  return failed(
    invalidRequest(
      issues.slice(0, 20).map(({ path, message }) => `Event field '${path.join(".")}': ${message}`),
    ),
  );
}

const maxDiffLength = 4000;

/** One line for each value that differs, by its path. */
export function diffOf(before: unknown, after: unknown): string {
  const lines = changesOf(before, after).map(
    ({ path, before, after }) => `${path}: ${before ?? "nothing"} → ${after ?? "nothing"}`,
  );
  return (lines.length === 0 ? "nothing was changed" : lines.join("\n"))
    .slice(0, maxDiffLength)
    .toWellFormed();
}

interface Change {
  readonly path: string;
  /** JSON; null for what is not there. */
  readonly before: string | null;
  readonly after: string | null;
}

export function changesOf(before: unknown, after: unknown): readonly Change[] {
  const [left, right] = [valuesOf(before), valuesOf(after)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .toSorted()
    .filter((path) => left.get(path) !== right.get(path))
    .map((path) => ({ path, before: left.get(path) ?? null, after: right.get(path) ?? null }));
}

function valuesOf(value: unknown, path = "", values = new Map<string, string>()): Map<string, string> {
  if (typeof value !== "object" || value === null)
    return values.set(path, JSON.stringify(value) ?? "nothing");
  for (const [name, inner] of Object.entries(value)) {
    valuesOf(inner, path === "" ? name : `${path}.${name}`, values);
  }
  return values;
}
