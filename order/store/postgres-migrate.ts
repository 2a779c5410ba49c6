import type { SQL, TransactionSQL } from "bun";
import { type AppliedMigration, type Migration, pendingMigrations } from "./migrations.ts";

/** "order" in ASCII: the advisory lock of this service's migrations, in the database it is taken in. */
const migrationLock = 0x6f72646572;

/**
 * Brings the database to `migrations`. One transaction under an advisory lock: instances that start together go one
 * after the other and the later ones find nothing left to do; a failure leaves the database as it was.
 */
export async function migratePostgres(sql: SQL, migrations: readonly Migration[]): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${migrationLock}::bigint)`;
    await createMigrationTable(tx);
    const applied = await tx<AppliedMigration[]>`select number, name, checksum from order_migrations`;
    for (const { number, name, checksum, sql: text } of pendingMigrations(migrations, applied)) {
      await tx.unsafe(text);
      await tx`insert into order_migrations (number, name, checksum) values (${number}, ${name}, ${checksum})`;
    }
  });
}

async function createMigrationTable(tx: TransactionSQL): Promise<void> {
  // Asked first, because "if not exists" sends a notice on every start.
  const [table] = await tx<{ missing: boolean }[]>`select to_regclass('order_migrations') is null as missing`;
  if (table?.missing !== true) return;
  await tx`create table order_migrations (
    number integer primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now()
  )`;
}
