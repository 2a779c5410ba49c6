// The audit in SQLite.
import type { Database } from "bun:sqlite";
import { type AuditRow, readAuditRow, toAuditResultRow, toAuditRow } from "./audit-row.ts";
import type { Audit } from "./audit.ts";

type Run = <Answer>(work: (connection: { readonly database: Database }) => Answer) => Promise<Answer>;

/** Both give work the open database; `write` when nobody else writes. */
export function createSqliteAudit(run: Run, write: Run): Audit {
  return {
    async append(order) {
      const { at_ms, action, actor, target, reason } = toAuditRow(order);
      return write(({ database }) =>
        Number(
          database
            .query("insert into audit (at_ms, action, actor, target, reason) values (?, ?, ?, ?, ?)")
            .run(at_ms, action, actor, target, reason).lastInsertRowid,
        ),
      );
    },
    async conclude(id, end) {
      const { at_ms, result } = toAuditResultRow(end);
      await write(({ database }) =>
        database
          .query(
            `insert into audit_results (audit_id, at_ms, result) values (?, ?, ?)
             on conflict (audit_id) do nothing`,
          )
          .run(id, at_ms, result),
      );
    },
    async list({ limit, beforeId = Number.MAX_SAFE_INTEGER }) {
      const rows = await run(({ database }) =>
        database
          .query<AuditRow, [beforeId: number, limit: number]>(
            `select id, audit.at_ms, action, actor, target, reason, audit_results.at_ms as ended_at_ms, result
             from audit left join audit_results on audit_id = id
             where id < ? order by id desc limit ?`,
          )
          .all(beforeId, limit),
      );
      return rows.map(readAuditRow);
    },
  };
}
