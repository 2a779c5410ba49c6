// An entry of the audit as a row, the same in both dialects.
import type { AuditEnd, AuditEntry, AuditOrder, AuditTarget } from "./audit.ts";
import { isStorableText } from "./storable.ts";

export interface AuditRow {
  readonly id: number;
  readonly at_ms: number;
  readonly action: string;
  readonly actor: string;
  /** JSON, which can express every text. */
  readonly target: string;
  readonly reason: string;
  readonly ended_at_ms: number | null;
  readonly result: string | null;
}

export function readAuditRow(row: AuditRow): AuditEntry {
  const target: AuditTarget = JSON.parse(row.target);
  const { ended_at_ms: endedAtMs, result } = row;
  return {
    id: row.id,
    atMs: row.at_ms,
    action: row.action,
    actor: row.actor,
    target,
    reason: row.reason,
    end: endedAtMs === null || result === null ? null : { atMs: endedAtMs, result },
  };
}

export function toAuditRow({ atMs, action, actor, target, reason }: AuditOrder) {
  requireText("action", action);
  requireText("actor", actor);
  requireText("reason", reason);
  return { at_ms: Math.floor(atMs), action, actor, target: JSON.stringify(target), reason };
}

export function toAuditResultRow({ atMs, result }: AuditEnd) {
  requireText("result", result);
  return { at_ms: Math.floor(atMs), result };
}

function requireText(name: string, text: string): void {
  if (!isStorableText(text)) throw new RangeError(`${name} of an audit entry has a NUL or a lone surrogate`);
}
