// The corpus and the commands against a real registry (Confluent's API): its verdicts are ours, and register is idempotent.
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Compatibility } from "@confluentinc/schemaregistry/dist/schemaregistry-client.js";
import { createRegistryClient } from "../registry.ts";
import { schemaCatalog } from "../schema-catalog.ts";
import { evolutionCorpus } from "./evolution-corpus.ts";
import { openRegistrySubjects } from "./registry-subjects.ts";
import { readReleasedVersions } from "./released-versions.ts";
import { createSchemaCommands } from "./schema-commands.ts";

const url = process.env["TEST_SCHEMA_REGISTRY_URL"] ?? "";
const run = crypto.randomUUID().slice(0, 8);

describe.skipIf(url === "")("a real registry (needs TEST_SCHEMA_REGISTRY_URL)", () => {
  test("judges every pair of the corpus as we do, but for names of another namespace", async () => {
    const client = createRegistryClient({ url, timeoutMs: 10_000 });
    const differing: string[] = [];
    for (const [index, { title, writer, reader, problems, registryReads }] of evolutionCorpus.entries()) {
      const subject = `corpus-${run}-${index}`;
      await client.register(subject, { schemaType: "AVRO", schema: JSON.stringify(writer) }, false);
      await client.updateConfig(subject, { compatibility: Compatibility.BACKWARD });
      const reads = await client.testCompatibility(subject, 1, {
        schemaType: "AVRO",
        schema: JSON.stringify(reader),
      });
      if (reads !== (registryReads ?? problems.length === 0)) differing.push(`${title}: ${reads}`);
    }
    expect(differing).toEqual([]);
  }, 60_000);

  test("takes the released versions once, refuses a break from then on, and check says so first", async () => {
    const folder = mkdtempSync(join(tmpdir(), "orderwire-schemas-"));
    try {
      const registry = openRegistrySubjects({ url, timeoutMs: 10_000 });
      const subject = `${run}-order-events-com.ecommerce.order.Order`;
      const commandsFor = (definition: string) =>
        createSchemaCommands({
          schemas: [{ name: "Order", fullName: schemaCatalog.Order.fullName, definition }],
          released: readReleasedVersions(folder),
          subjects: [{ subject, name: "Order" }],
          registry,
        });
      const { definition } = schemaCatalog.Order;
      const changed = (field: string) =>
        definition.replace('{"name":"totalAmount"', `${field},{"name":"totalAmount"`);
      const added = changed('{"name":"gift","type":"boolean","default":false}');
      const broken = changed('{"name":"gift","type":"boolean"}');

      await commandsFor(definition).release();
      const first = await commandsFor(definition).register();
      expect(first).toMatchObject({ ok: true });
      expect(await commandsFor(definition).register()).toEqual(first);
      expect(await commandsFor(added).check()).toMatchObject({ ok: true });

      const refusal = await commandsFor(broken).check();
      expect(refusal.ok).toBe(false);
      expect(refusal.lines.join("\n")).toContain(
        "Order.gift: this version cannot read what version 1 in the registry wrote",
      );
      // Whoever does not ask first is refused by the registry itself.
      expect(await registry.idOf(subject, broken)).toMatchObject({ ok: false, failure: { kind: "refused" } });

      await commandsFor(added).release();
      const second = await commandsFor(added).register();
      expect(second.lines.length).toBe(first.lines.length + 1);
      expect(await commandsFor(added).register()).toEqual(second);
      const versions = await registry.versionsOf(subject);
      expect(versions.ok && versions.value.length).toBe(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 60_000);
});
