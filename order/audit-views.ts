// The audit as operators read it: newest first, by cursor.
import type { AuditEntry } from "../contract/audit.ts";
import { invalidRequest } from "../contract/errors.ts";
import type { AuditViews } from "../contract/ports.ts";
import { failed, success } from "../contract/result.ts";
import { opaquePlace, readOpaquePlace } from "./opaque-text.ts";
import type { Audit, AuditEntry as StoredEntry } from "./store/audit.ts";
import { certainInstantOf } from "./told-failure.ts";
import { whileStoreAnswers } from "./while-store-answers.ts";

const cursorPrefix = "audit";

export function createAuditViews(audit: Pick<Audit, "list">): AuditViews {
  return {
    list: ({ limit, cursor }) =>
      whileStoreAnswers(async () => {
        const place = cursor === undefined ? undefined : readOpaquePlace(cursor);
        if (cursor !== undefined && place?.prefix !== cursorPrefix) {
          return failed(invalidRequest(["Field 'cursor' is not one of ours"]));
        }
        // One more than asked for tells whether there is a next page.
        const found = await audit.list({
          limit: limit + 1,
          ...(place === undefined ? {} : { beforeId: place.number }),
        });
        const page = { entries: found.slice(0, limit).map(tellEntry) };
        const last = found.length > limit ? page.entries.at(-1) : undefined;
        if (last === undefined) return success(page);
        return success({ ...page, nextCursor: opaquePlace({ prefix: cursorPrefix, number: last.id }) });
      }),
  };
}

function tellEntry({ id, atMs, action, actor, target, reason, end }: StoredEntry): AuditEntry {
  return {
    id,
    at: certainInstantOf(atMs),
    action,
    actor,
    target: { ...target },
    reason,
    result: end?.result ?? null,
    endedAt: end === null ? null : certainInstantOf(end.atMs),
  };
}
