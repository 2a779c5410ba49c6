// Promises a reproducible stream of events: mostly good orders of both systems, created and updated twice, and in it about 2 %
// duplicates, 1 % updates of unknown orders, 1 % poison, and repeats of creates under one event id, which are no duplicates.
// Each record says in a header what it is meant to be, for the account; order knows nothing of that header.
import { randomBytes } from "node:crypto";
import type { RecordHeader } from "../../../kafka/record.ts";
import type { EventWriter } from "../../system/event-writer.ts";
import { type Intent, intentAs, type PlannedRecord } from "../intent.ts";
import { createRandom } from "../random.ts";

interface Placed extends PlannedRecord {
  /** Where in the stream it goes. */
  readonly place: number;
}

/** Records of one order come in their order. About `events` of them; the seed decides everything but poison's bytes. */
export function planLoad(events: number, seed: number, writer: EventWriter): readonly PlannedRecord[] {
  const random = createRandom(seed);
  const nextBelow = (bound: number) => random.below(bound);
  const orders = Math.floor((events * 0.955) / 3);
  // Between the events of an order come some hundred others, and never a whole batch's worth at the end.
  const apart = Math.min(1500, events / 20);
  const placed: Placed[] = [];

  for (let index = 0; index < orders; index += 1) {
    const system = index % 2 === 0 ? "A" : "B";
    const orderId = `O-${index}`;
    const eventId = crypto.randomUUID();
    const place = index * 3;
    const repeated = nextBelow(200) === 0;
    const create = createOf(system, orderId, writer, repeated ? eventId : null);
    placed.push({ ...create, place });
    for (const step of [1, 2]) {
      placed.push({ ...updateOf(system, orderId, `step-${step}`, writer), place: place + apart * step });
    }
    if (repeated) placed.push({ ...create, place: place + apart / 2 });
    if (nextBelow(16) === 0) {
      const other = nextBelow(2) === 0 ? "A" : "B";
      placed.push({
        ...createOf(other, orderId, writer, null),
        place: place + apart * (1 + nextBelow(3)) + 1,
      });
    }
    if (nextBelow(33) === 0) placed.push({ ...updateOf(system, `U-${index}`, "lost", writer), place });
    if (nextBelow(33) === 0) placed.push({ ...poison(orderId, nextBelow(4)), place: place + apart });
  }
  return placed.sort((a, b) => a.place - b.place);
}

function createOf(
  system: "A" | "B",
  orderId: string,
  writer: EventWriter,
  eventId: string | null,
): PlannedRecord {
  const value = system === "A" ? writer.createA(orderId) : writer.createB(orderId);
  const identity: RecordHeader[] = eventId === null ? [] : [["event-id", Buffer.from(eventId)]];
  const intent: Intent = { kind: "create", system, status: "new", eventId };
  return { topic: "orders", key: Buffer.from(orderId), value, headers: [...identity, intentAs(intent)] };
}

function updateOf(system: "A" | "B", orderId: string, status: string, writer: EventWriter): PlannedRecord {
  const value = system === "A" ? writer.updateA(orderId, status) : writer.updateB(orderId, status);
  const topic = system === "A" ? "statusUpdates" : "orders";
  return { topic, key: Buffer.from(orderId), value, headers: [intentAs({ kind: "status", system, status })] };
}

function poison(orderId: string, kind: number): PlannedRecord {
  const values = [
    Buffer.from([0, 0]),
    Buffer.concat([Buffer.from("x"), randomBytes(40)]),
    null,
    Buffer.from([0, 127, 1, 2, 3, 4]),
  ];
  const key = kind === 1 ? null : Buffer.from(orderId);
  return { topic: "orders", key, value: values[kind] ?? null, headers: [intentAs({ kind: "poison" })] };
}
