// What the tally has counted of events, as the pulse looks at it: `/metrics` reads the same.
import type { OrderTally } from "../order-tally.ts";
import type { FlowTotals } from "./flow-recorder.ts";

export function readFlowTotals({
  events,
  deadLetters,
  endToEndSeconds,
}: Pick<OrderTally, "events" | "deadLetters" | "endToEndSeconds">): FlowTotals {
  const { bounds } = endToEndSeconds;
  const counts = Array.from({ length: bounds.length + 1 }, () => 0);
  for (const series of endToEndSeconds.series()) {
    for (const [bucket, count] of series.counts.entries()) counts[bucket] = (counts[bucket] ?? 0) + count;
  }
  return {
    stored: events.total({ outcome: "done" }),
    retried: events.total({ outcome: "retry" }),
    dead: deadLetters.total(),
    endToEnd: { bounds, counts },
  };
}
