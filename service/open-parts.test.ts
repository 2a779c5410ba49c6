import { describe, expect, test } from "bun:test";
import { schemaCatalog } from "../schemas/schema-catalog.ts";
import { openParts } from "./open-parts.ts";
import { readSettings } from "./settings.ts";

/** What a registry hears as `Authorization` from services with these settings; `address` is its host and port. */
async function heardWith(settings: (address: string) => Record<string, string>) {
  const heard: (string | null)[] = [];
  using registry = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      heard.push(request.headers.get("authorization"));
      return Response.json({ id: 7 });
    },
  });
  const read = readSettings({
    KAFKA_BROKERS: "localhost:9092",
    DATABASE_URL: "postgres://db/orders",
    ...settings(`127.0.0.1:${registry.port}`),
  });
  if (!read.ok) throw new Error(read.faults.join());
  const parts = openParts(read.value);
  expect(await parts.registry.idOf("subject", schemaCatalog.OrderEvent.definition)).toEqual({
    ok: true,
    value: 7,
  });
  parts.close();
  return new Set(heard);
}

describe("the registry that the settings name", () => {
  test("is told user and password by basic authentication", async () => {
    const heard = await heardWith((address) => ({
      SCHEMA_REGISTRY_URL: `http://${address}`,
      SCHEMA_REGISTRY_USERNAME: "orders",
      SCHEMA_REGISTRY_PASSWORD: "p@ss:word",
    }));
    expect(heard).toEqual(new Set([`Basic ${btoa("orders:p@ss:word")}`]));
  });

  test("takes them from its address as well, and is told nothing where there are none", async () => {
    const heard = await heardWith((address) => ({ SCHEMA_REGISTRY_URL: `http://me:p%40ss@${address}` }));
    expect(heard).toEqual(new Set([`Basic ${btoa("me:p@ss")}`]));
    expect(await heardWith((address) => ({ SCHEMA_REGISTRY_URL: `http://${address}` }))).toEqual(
      new Set([null]),
    );
  });
});
