// What clients were told against the topics: what was taken is there, what was refused is nowhere, and what nobody knew is there at
// most once. Asked for again under one key it is one event, however often it was taken.
import type { RunSource, TopicsRead } from "./check-run.ts";
import type { Findings } from "./findings.ts";

/** Creates, by what their clients know in the end. */
export interface ClientOutcomes {
  readonly ok: number;
  readonly failed: number;
  readonly unknown: number;
  /** Of the unknown ones: those that are on the topic after all. */
  readonly unknownAndThere: number;
}

interface Asked {
  readonly isCreate: boolean;
  readonly isKeyed: boolean;
  ok: number;
  unknown: number;
}

export async function checkClients(
  source: RunSource,
  { byCart, renamed }: TopicsRead,
  findings: Findings,
): Promise<ClientOutcomes> {
  const asked = new Map<string, Asked>();
  for await (const { request, orderId, status, outcome, idempotencyKey } of source.read("clients")) {
    const id = request === "create" ? orderId : `${orderId} ${status}`;
    const all = asked.get(id) ?? {
      isCreate: request === "create",
      isKeyed: idempotencyKey !== undefined,
      ok: 0,
      unknown: 0,
    };
    if (outcome === "ok") all.ok += 1;
    if (outcome === "unknown") all.unknown += 1;
    asked.set(id, all);
  }
  for (const [id, { ok, unknown, isKeyed }] of asked) {
    const found = byCart.get(id) ?? 0;
    const least = isKeyed ? Math.min(ok, 1) : ok;
    if (isKeyed && renamed.has(id))
      findings.add("client", "has several event ids under one Idempotency-Key", id);
    if (found < least) findings.add("lost", "was taken by cart and is not on its topic", id);
    if (found > ok + unknown) {
      const what =
        ok + unknown === 0
          ? "was refused by cart and is on its topic"
          : "is on its topic more often than asked for";
      findings.add("client", what, id);
    }
  }
  for (const id of byCart.keys())
    if (!asked.has(id)) findings.add("client", "is on its topic and nobody asked for it", id);
  return outcomesOf(asked, byCart);
}

function outcomesOf(asked: ReadonlyMap<string, Asked>, byCart: ReadonlyMap<string, number>): ClientOutcomes {
  const outcomes = { ok: 0, failed: 0, unknown: 0, unknownAndThere: 0 };
  for (const [id, { isCreate, ok, unknown }] of asked) {
    if (!isCreate) continue;
    if (ok > 0) outcomes.ok += 1;
    else if (unknown === 0) outcomes.failed += 1;
    else {
      outcomes.unknown += 1;
      if (byCart.has(id)) outcomes.unknownAndThere += 1;
    }
  }
  return outcomes;
}
