// What became of the records that a service publishes. Its `onPublished` is the publisher's.
import { type Counter, createCounter } from "./counter.ts";
import { callSeconds, createHistogram, type Histogram } from "./histogram.ts";
import { oneOf } from "./labels.ts";

export interface PublishTally {
  readonly records: Counter<"topic" | "outcome">;
  readonly seconds: Histogram<"topic">;
  readonly onPublished: (topic: string, outcome: string, durationMs: number) => void;
}

/** `topics`: those that the service publishes to. */
export function createPublishTally(topics: readonly string[]): PublishTally {
  const known = oneOf(topics);
  const records = createCounter({
    name: "published_records",
    help: "Records by what became of them. unknown: no acknowledgement in time, so it may have been written.",
    sets: { topic: known, outcome: oneOf(["acknowledged", "unavailable", "unknown", "refused"]) },
  });
  const seconds = createHistogram({
    name: "publish_duration_seconds",
    help: "From handing a record over to its acknowledgement by all in-sync replicas, or to its failure.",
    sets: { topic: known },
    bounds: callSeconds,
  });
  // Nearly all are of one topic, and acknowledged.
  const acknowledgements = new Map(
    topics.map((topic) => [
      topic,
      { count: records.at({ topic, outcome: "acknowledged" }), seconds: seconds.at({ topic }) },
    ]),
  );
  return {
    records,
    seconds,
    onPublished(topic, outcome, durationMs) {
      const usual = outcome === "acknowledged" ? acknowledgements.get(topic) : undefined;
      if (usual === undefined) {
        records.add({ topic, outcome });
        seconds.at({ topic }).observe(durationMs / 1000);
        return;
      }
      usual.count.add();
      usual.seconds.observe(durationMs / 1000);
    },
  };
}
