// The audit in PostgreSQL.
import type { SQL } from "bun";
import { type AuditRow, readAuditRow, toAuditResultRow, toAuditRow } from "./audit-row.ts";
import type { Audit } from "./audit.ts";

/** `run` gives work a pool of connections on a database that has its tables. */
export function createPostgresAudit(
  run: <Answer>(work: (sql: SQL) => Promise<Answer>) => Promise<Answer>,
): Audit {
  return {
    async append(order) {
      const { at_ms, action, actor, target, reason } = toAuditRow(order);
      const [row] = await run(
        (sql) => sql<{ id: number }[]>`insert into audit (at_ms, action, actor, target, reason)
          values (${at_ms}::bigint, ${action}, ${actor}, ${target}, ${reason}) returning id::float8 as id`,
      );
      if (row === undefined) throw new Error("an inserted audit entry was not answered");
      return row.id;
    },
    async conclude(id, end) {
      const { at_ms, result } = toAuditResultRow(end);
      await run(
        (sql) => sql`insert into audit_results (audit_id, at_ms, result)
          values (${id}::bigint, ${at_ms}::bigint, ${result}) on conflict (audit_id) do nothing`,
      );
    },
    async list({ limit, beforeId = Number.MAX_SAFE_INTEGER }) {
      const rows = await run(
        (sql) => sql<
          AuditRow[]
        >`select id::float8 as id, audit.at_ms::float8 as at_ms, action, actor, target, reason,
            audit_results.at_ms::float8 as ended_at_ms, result
          from audit left join audit_results on audit_id = id
          where id < ${beforeId}::bigint order by id desc limit ${limit}::integer`,
      );
      return rows.map(readAuditRow);
    },
  };
}
