// The orders in the store against those that the topics give, and each of their changes on the way there.
import type { RunSource, TopicsRead } from "./check-run.ts";
import type { Findings } from "./findings.ts";
import type { ExpectedOrder } from "./order-fold.ts";
import type { ChangeLine, OrderLine } from "./run-files.ts";

export async function checkOrders(
  source: RunSource,
  { orders, letters }: TopicsRead,
  findings: Findings,
): Promise<void> {
  const stored = new Set<string>();
  for await (const row of source.read("orders")) {
    const { orderId } = row;
    if (stored.has(orderId)) findings.add("double effect", "is stored twice", orderId);
    stored.add(orderId);
    const expected = orders.get(orderId);
    if (expected === undefined) findings.add("double effect", "is stored and was never created", orderId);
    else checkRow(row, expected, findings);
  }
  for (const orderId of orders.keys())
    if (!stored.has(orderId)) findings.add("lost", "was created and is not stored", orderId);
  for await (const { id } of source.read("parked")) {
    const what = letters.has(id) ? "is parked and a dead letter" : "is still parked";
    findings.add(letters.has(id) ? "double effect" : "lost", what, id);
  }
  await checkChanges(source, orders, findings);
}

function checkRow(
  { orderId, status, version, applied }: OrderLine,
  { events }: ExpectedOrder,
  findings: Findings,
): void {
  if (version > events.length)
    findings.add("double effect", "was changed more often than it has events", orderId);
  if (version < events.length) findings.add("lost", "lacks an event", orderId);
  const last = lastOffsets(events);
  const differs = [...last].some(([partition, offset]) => applied[partition] !== offset);
  if (differs || last.size !== Object.keys(applied).length)
    findings.add("lost", "names another last event than the topics", orderId);
  // Of two topics either may have been read last; the create never.
  const [created] = events;
  const latest = [...last].flatMap(([partition, offset]) => {
    const event = events.find((one) => one.source === partition && one.offset === offset);
    return event === undefined || (event === created && events.length > 1) ? [] : [event.status];
  });
  if (!latest.includes(status)) findings.add("inversion", "has another status than its last event", orderId);
}

function lastOffsets(events: ExpectedOrder["events"]): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  for (const { source, offset } of events) last.set(source, Math.max(offset, last.get(source) ?? -1));
  return last;
}

/** Each change takes in what comes next of a partition, all of it, and nothing else. A batch may take in several events at once. */
async function checkChanges(
  source: RunSource,
  orders: ReadonlyMap<string, ExpectedOrder>,
  findings: Findings,
): Promise<void> {
  const before = new Map<string, ChangeLine>();
  for await (const change of source.read("changes")) {
    const { orderId } = change;
    const expected = orders.get(orderId);
    // That it was never created is said of its row.
    if (expected !== undefined) checkChange(change, before.get(orderId), expected, findings);
    before.set(orderId, change);
  }
}

function checkChange(
  { orderId, status, version, applied }: ChangeLine,
  before: ChangeLine | undefined,
  { events }: ExpectedOrder,
  findings: Findings,
): void {
  const beforeOf = (partition: string) => before?.applied[partition] ?? -1;
  const sources = Object.entries(applied);
  const moved = sources.filter(([partition, offset]) => offset > beforeOf(partition));
  if (sources.some(([partition, offset]) => offset < beforeOf(partition)))
    findings.add("inversion", "went back to an earlier event", orderId);
  else if (moved.length === 0 || version <= (before?.version ?? 0))
    findings.add("double effect", "was changed by no new event", orderId);
  const takenIn = events.filter(({ source, offset }) => offset <= (applied[source] ?? -1));
  if (takenIn.length > version)
    findings.add("inversion", "was changed past an event that it did not have yet", orderId);
  if (takenIn.length < version) findings.add("double effect", "counted an event twice on the way", orderId);
  const movedTo = moved.map(
    ([partition, offset]) =>
      events.find((event) => event.source === partition && event.offset === offset)?.status,
  );
  if (moved.length > 0 && !movedTo.includes(status))
    findings.add("inversion", "had a status on the way that is not its last event's", orderId);
}
