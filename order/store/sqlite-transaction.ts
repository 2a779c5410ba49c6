import type { Database } from "bun:sqlite";

/** Runs `work` as one transaction that is durable when this returns, or leaves nothing behind when it throws. */
export function inTransaction<Answer>(database: Database, work: () => Answer): Answer {
  // Immediate: the write lock is taken first, so a transaction can wait for it but never fail half-way for it.
  database.run("begin immediate");
  try {
    const answer = work();
    database.run("commit");
    return answer;
  } catch (error) {
    // A full disk or an I/O error has ended the transaction already.
    if (database.inTransaction) database.run("rollback");
    throw error;
  }
}
