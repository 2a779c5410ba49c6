// Promises a witness that no unique key and no code of order can hide: a trigger that writes down every change of an order's row in
// the change's own transaction. Installed over a connection of the suite's own, once order has made its tables.
import { SQL } from "bun";

export async function installWitness(databaseUrl: string): Promise<void> {
  const sql = new SQL(databaseUrl, { max: 1 });
  try {
    await sql.unsafe(`
      CREATE TABLE suite_changes (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        order_id text NOT NULL, status text NOT NULL, version integer NOT NULL, applied json NOT NULL
      );
      CREATE FUNCTION suite_witness() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO suite_changes (order_id, status, version, applied)
            VALUES (NEW.order_id, NEW.status, NEW.version, NEW.applied);
          RETURN NULL;
        END $$;
      CREATE TRIGGER suite_witness AFTER INSERT OR UPDATE ON orders
        FOR EACH ROW EXECUTE FUNCTION suite_witness();`);
  } finally {
    await sql.close();
  }
}
