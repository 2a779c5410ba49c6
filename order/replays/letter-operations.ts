// What operators do about dead letters as a whole: groups, notes, discarding and restoring. Each order is in the audit before it
// is carried out.
import { actorOf } from "../../contract/access.ts";
import { groupNotFound } from "../../contract/errors.ts";
import type { LetterOperations } from "../../contract/ports.ts";
import type { MoveLetters } from "../../contract/replays.ts";
import { failed, success } from "../../contract/result.ts";
import type { OrderStore } from "../store/order-store.ts";
import { whileStoreAnswers, whileStoreWrites } from "../while-store-answers.ts";
import type { LetterState } from "./domain/replay.ts";
import { tellGroup } from "./tell-replay.ts";
import { describeScope, scopeOf } from "./told-scope.ts";

export interface LetterOperationsOptions {
  readonly store: Pick<OrderStore, "letterFates" | "audit">;
  readonly ordersDlqTopic: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export function createLetterOperations({
  store,
  ordersDlqTopic,
  now,
}: LetterOperationsOptions): LetterOperations {
  const { letterFates, audit } = store;

  function move(
    action: string,
    from: readonly LetterState[],
    to: LetterState,
    verb: string,
  ): LetterOperations["discard"] {
    return ({ scope: told, reason }: MoveLetters, context) =>
      whileStoreWrites(async () => {
        const actor = actorOf(context);
        const scope = scopeOf(told, ordersDlqTopic);
        const matching = await letterFates.count(scope, from);
        const target = { ...describeScope(told), matching };
        const auditId = await audit.append({ atMs: now(), action, actor, target, reason });
        const count = await letterFates.move(scope, from, to);
        await audit.conclude(auditId, { atMs: now(), result: `${verb} ${count} dead letters` });
        return success({ auditId, count });
      });
  }

  return {
    counts: () => whileStoreAnswers(async () => success({ byState: await letterFates.countByState() })),
    groups: () =>
      whileStoreAnswers(async () => success({ groups: (await letterFates.groups(now())).map(tellGroup) })),
    annotate: ({ fingerprint, note, owner, ignored }, context) =>
      whileStoreWrites(async () => {
        const target = {
          fingerprint,
          ...(note === undefined ? {} : { note }),
          ...(owner === undefined ? {} : { owner }),
          ...(ignored === undefined ? {} : { ignored: ignored ? "yes" : "no" }),
        };
        const auditId = await audit.append({
          atMs: now(),
          action: "dlq.annotate",
          actor: actorOf(context),
          target,
          reason: "a note",
        });
        const isKnown = await letterFates.annotate(fingerprint, {
          ...(note === undefined ? {} : { note }),
          ...(owner === undefined ? {} : { owner }),
          ...(ignored === undefined ? {} : { ignoredAtMs: ignored ? now() : null }),
        });
        await audit.conclude(auditId, {
          atMs: now(),
          result: isKnown ? "Noted" : "No such group of failures",
        });
        return isKnown ? success({ fingerprint }) : failed(groupNotFound(fingerprint));
      }),
    discard: move("dlq.discard", ["open", "quarantined"], "discarded", "Discarded"),
    restore: move("dlq.restore", ["discarded"], "open", "Restored"),
  };
}
