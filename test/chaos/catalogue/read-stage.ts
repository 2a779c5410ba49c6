// What the catalogue looks at past all code of order: the store by plain SQL, offsets by Kafka's own tool.
import { SQL } from "bun";
import type { Stage } from "../stage.ts";

/** A connection of its own. */
export async function withSql<Value>(url: string, use: (sql: SQL) => Promise<Value>): Promise<Value> {
  const sql = new SQL(url, { max: 1 });
  try {
    return await use(sql);
  } finally {
    await sql.close();
  }
}

export async function countRows(stage: Stage, statement: string): Promise<number> {
  return withSql(stage.databaseUrl, async (sql) => {
    const [row]: { count: number }[] = await sql.unsafe(`select (${statement})::int as count`);
    return row?.count ?? Number.NaN;
  });
}

/** Records that the store has, applied or parked or dead; 0 while it does not answer. */
export async function readWork(stage: Stage): Promise<number> {
  return (await stage.position())?.read ?? 0;
}

/** One text for all that order has written: orders, parked records, how far it is. */
export async function readStoreDigest(stage: Stage): Promise<string> {
  return withSql(stage.databaseUrl, async (sql) => {
    const [row]: { digest: string }[] = await sql`
      select concat_ws('/',
        (select count(*) || ' orders ' || coalesce(sum(version), 0)
          || md5(coalesce(string_agg(concat_ws(' ', order_id, status, version, applied::text), ',' order by order_id), ''))
          from orders),
        (select count(*) || ' parked' from parked_records),
        (select 'at ' || coalesce(sum(next_offset), 0) from source_claims)) as digest`;
    return row?.digest ?? "";
  });
}

/** `topic/partition` → offset, of both groups. */
export async function readCommitted(stage: Stage): Promise<ReadonlyMap<string, number>> {
  const { KAFKA_GROUP_ID: group } = stage.settings;
  const groups = [group, `${group}-status-updates`];
  const output = await stage.kafka.tool(
    "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "--bootstrap-server",
    stage.brokers,
    "--describe",
    ...groups.flatMap((name) => ["--group", name]),
  );
  const lines = output.split("\n").map((line) => line.trim().split(/\s+/));
  return new Map(
    lines
      .filter(([name = "", , , offset = ""]) => groups.includes(name) && /^\d+$/.test(offset))
      .map(([, topic, partition, offset]) => [`${topic}/${partition}`, Number(offset)] as const)
      .toSorted(([left], [right]) => left.localeCompare(right)),
  );
}

/** Bytes of memory that a process has. */
export async function readResidentBytes(pid: number): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024;
}

/** A number of a service's `/metrics`: the sum over its series. */
export async function readMetric(url: string, name: string): Promise<number> {
  const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5000) });
  const lines = (await response.text()).split("\n");
  const values = lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return values.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}
