// What DATABASE_URL says about TLS reaches the wire, without a server: the first bytes tell what the client asks for.
import { describe, expect, test } from "bun:test";
import { openPostgresPool } from "./postgres-pool.ts";

/** PostgreSQL's SSLRequest: eight bytes, and a code that is no version of the protocol. */
const sslRequest = "0000000804d2162f";

/** What a server hears that has no TLS, and how the pool's first query ends. */
async function heardWith(query: string) {
  const heard: string[] = [];
  using server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket, bytes) {
        const message = bytes.toString("hex");
        heard.push(message === sslRequest ? "asks for TLS" : "sends user and database in the clear");
        if (message === sslRequest) socket.write("N");
        else socket.end();
      },
    },
  });
  const url = `postgres://orders:hunter2@127.0.0.1:${server.port}/orders${query}`;
  const pool = openPostgresPool(url, { maxConnections: 1, deadlineMs: 1000 });
  const failed = await pool
    .run((sql) => sql`select 1`)
    .then(
      () => "answered",
      (error: unknown) => (error instanceof Error ? error.constructor.name : "nothing"),
    );
  await pool.close();
  return { heard: [...new Set(heard)], failed };
}

describe("sslmode in DATABASE_URL", () => {
  test.each(["require", "verify-ca", "verify-full"])(
    "%s asks for TLS, and tells a server without it nothing",
    async (mode) => {
      expect(await heardWith(`?sslmode=${mode}`)).toEqual({
        heard: ["asks for TLS"],
        failed: "StoreUnavailable",
      });
    },
  );

  test("disable, and none, ask for none", async () => {
    for (const query of ["?sslmode=disable", ""]) {
      const { heard } = await heardWith(query);
      expect(heard).toEqual(["sends user and database in the clear"]);
    }
  });
});

test("a mode that PostgreSQL does not have is refused at start", () => {
  const options = { maxConnections: 1, deadlineMs: 1000 };
  expect(() => openPostgresPool("postgres://db/orders?sslmode=strict", options)).toThrow("sslmode");
});
