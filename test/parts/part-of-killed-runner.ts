// Starts PostgreSQL, says where, and never ends: the runner that parts.real.test.ts kills.
import { SQL } from "bun";
import { startPostgres } from "./postgres.ts";

const postgres = await startPostgres();
const sql = new SQL(postgres.url, { max: 1 });
const rows: readonly { data_directory: string }[] = await sql`SHOW data_directory`;
process.stdout.write(JSON.stringify({ pid: postgres.pid(), directory: rows[0]?.data_directory }));
setInterval(() => {}, 60_000);
