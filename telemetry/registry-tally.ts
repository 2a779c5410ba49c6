// How the schema registry answers.
import type { RegistryOutcome, SchemaRegistry } from "../schemas/registry.ts";
import { type Counter, createCounter } from "./counter.ts";
import { callSeconds, createHistogram, type Histogram } from "./histogram.ts";
import { oneOf } from "./labels.ts";

export interface RegistryTally {
  readonly calls: Counter<"operation" | "outcome">;
  readonly seconds: Histogram<"operation">;
  /** The same registry; its answers are counted. */
  observed(registry: SchemaRegistry): SchemaRegistry;
}

export function createRegistryTally(): RegistryTally {
  const operations = oneOf(["idOf", "schemaOf"]);
  const calls = createCounter({
    name: "registry_calls",
    help: "Calls of the schema registry. missing: it has no such schema. refused: it does not let us.",
    sets: { operation: operations, outcome: oneOf(["ok", "missing", "refused", "unavailable"]) },
  });
  const seconds = createHistogram({
    name: "registry_call_duration_seconds",
    help: "Duration of the schema registry's calls.",
    sets: { operation: operations },
    bounds: callSeconds,
  });

  async function counted<Value>(
    operation: string,
    call: Promise<RegistryOutcome<Value>>,
  ): Promise<RegistryOutcome<Value>> {
    const startedAtMs = performance.now();
    const answer = await call;
    calls.add({ operation, outcome: answer.ok ? "ok" : answer.failure.kind });
    seconds.at({ operation }).observe((performance.now() - startedAtMs) / 1000);
    return answer;
  }

  return {
    calls,
    seconds,
    observed: (registry) => ({
      idOf: (subject, definition) => counted("idOf", registry.idOf(subject, definition)),
      schemaOf: (schemaId) => counted("schemaOf", registry.schemaOf(schemaId)),
    }),
  };
}
