import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { schemaCatalog } from "../schema-catalog.ts";
import type { RegistrySubjects } from "./registry-subjects.ts";
import { readReleasedVersions } from "./released-versions.ts";
import { type CurrentSchema, createSchemaCommands } from "./schema-commands.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const order: CurrentSchema = { name: "Order", ...schemaCatalog.Order };
const subjects = [{ subject: "order-events-com.ecommerce.order.Order", name: "Order" as const }];
const withField = (field: object): CurrentSchema => {
  const schema = JSON.parse(order.definition);
  return { ...order, definition: JSON.stringify({ ...schema, fields: [...schema.fields, field] }) };
};
const gift = { name: "gift", type: "boolean", default: false, doc: "Whether it is one." };

function stage() {
  const folder = mkdtempSync(join(tmpdir(), "orderwire-schemas-"));
  folders.push(folder);
  const commandsFor = (schema: CurrentSchema, registry?: RegistrySubjects) =>
    createSchemaCommands({ schemas: [schema], released: readReleasedVersions(folder), subjects, registry });
  return { folder, commandsFor };
}

/** A registry that keeps what it is given, and has no opinion. */
function memoryRegistry(refuses: readonly string[] = []) {
  const versions: string[] = [];
  const asked: string[] = [];
  const registry: RegistrySubjects = {
    async idOf(_subject, definition) {
      if (refuses.includes("idOf")) {
        return { ok: false, failure: { kind: "refused", message: "The schema registry refused it." } };
      }
      if (!versions.includes(definition)) versions.push(definition);
      return { ok: true, value: 100 + versions.indexOf(definition) };
    },
    async versionsOf() {
      if (refuses.includes("versionsOf")) {
        return {
          ok: false,
          failure: { kind: "unavailable", message: "The schema registry cannot be reached." },
        };
      }
      return { ok: true, value: versions.map((definition, index) => ({ version: index + 1, definition })) };
    },
    accepts: async () => ({ ok: true, value: !refuses.includes("accepts") }),
    async requireFullTransitive(subject) {
      asked.push(subject);
      return { ok: true, value: undefined };
    },
  };
  return { registry, versions, asked };
}

describe("check", () => {
  test("passes a field with a default, and says that it is not released yet", async () => {
    const { commandsFor } = stage();
    await commandsFor(order).release();
    expect(await commandsFor(withField(gift)).check()).toEqual({
      ok: true,
      lines: [
        "com.ecommerce.order.Order: changed since v1: `bun run schemas -- release` freezes v2",
        "All schemas are compatible both ways with every released version.",
      ],
    });
  });

  test("names schema, field, version and remedy of a field without a default", async () => {
    const { commandsFor } = stage();
    await commandsFor(order).release();
    const { ok, lines } = await commandsFor(withField({ ...gift, default: undefined })).check();
    expect(ok).toBe(false);
    expect(lines).toContain(
      "com.ecommerce.order.Order, Order.gift: this version cannot read what v1 wrote: the field is not in every version and has no default: give it one, or keep it.",
    );
  });

  test("compares with every released version, not with the last one only", async () => {
    const { commandsFor } = stage();
    await commandsFor(order).release();
    await commandsFor(withField(gift)).release();
    // Readable by v2, which has a default for the field, and of another type in what v3 writes.
    const { lines } = await commandsFor(withField({ ...gift, type: "string", default: "" })).check();
    expect(lines.filter((line) => line.includes("Order.gift"))).toEqual([
      expect.stringContaining("this version cannot read what v2 wrote: boolean cannot be read as string"),
      expect.stringContaining("v2 cannot read what this version writes: string cannot be read as boolean"),
    ]);
  });

  test("says so when a released file was edited, and which", async () => {
    const { folder, commandsFor } = stage();
    await commandsFor(order).release();
    const file = join(folder, order.fullName, "v1.avsc");
    writeFileSync(file, readFileSync(file, "utf8").replace("Who ordered.", "Who did."));
    const { ok, lines } = await commandsFor(order).check();
    expect(ok).toBe(false);
    expect(lines.join("\n")).toContain(
      "com.ecommerce.order.Order v1 was changed after its release: restore ",
    );
  });

  test("says so when a schema is no Avro", async () => {
    const { commandsFor } = stage();
    const { ok, lines } = await commandsFor({ ...order, definition: '{"type":"record"}' }).check();
    expect(ok).toBe(false);
    expect(lines.join("\n")).toContain("com.ecommerce.order.Order: it is no valid Avro schema");
  });

  test("finds what only the registry has, its own verdict, and that it is away", async () => {
    const { commandsFor } = stage();
    await commandsFor(order).release();
    const foreign = memoryRegistry();
    foreign.versions.push(withField({ ...gift, default: undefined }).definition);
    const { ok, lines } = await commandsFor(order, foreign.registry).check();
    expect(ok).toBe(false);
    expect(lines.join("\n")).toContain("version 1 in the registry cannot read what this version writes");

    const strict = memoryRegistry(["accepts"]);
    strict.versions.push(order.definition);
    expect((await commandsFor(order, strict.registry).check()).lines.join("\n")).toContain(
      "the registry's own rule refuses it beside version 1",
    );
    const away = await commandsFor(order, memoryRegistry(["versionsOf"]).registry).check();
    expect(away.ok).toBe(false);
    expect(away.lines.join("\n")).toContain("The schema registry cannot be reached.");
  });
});

describe("release", () => {
  test("freezes a change as the next version once, and nothing that breaks an earlier one", async () => {
    const { commandsFor } = stage();
    expect((await commandsFor(order).release()).lines).toEqual([
      "com.ecommerce.order.Order: v1 is released; commit it",
    ]);
    expect((await commandsFor(order).release()).lines).toEqual(["com.ecommerce.order.Order: v1 as before"]);
    const broken = await commandsFor(withField({ ...gift, default: undefined })).release();
    expect(broken).toMatchObject({ ok: false });
    expect(broken.lines.at(-1)).toBe("Nothing was released.");
    expect((await commandsFor(withField(gift)).release()).lines).toEqual([
      "com.ecommerce.order.Order: v2 is released; commit it",
    ]);
  });
});

describe("register", () => {
  test("registers every released version, sets the rule, and the second time changes nothing", async () => {
    const { commandsFor } = stage();
    await commandsFor(order).release();
    await commandsFor(withField(gift)).release();
    const { registry, versions, asked } = memoryRegistry();
    const first = await commandsFor(withField(gift), registry).register();
    expect(first).toEqual({
      ok: true,
      lines: [
        "order-events-com.ecommerce.order.Order: v1 has id 100",
        "order-events-com.ecommerce.order.Order: v2 has id 101",
        "1 subjects are FULL_TRANSITIVE.",
      ],
    });
    expect(await commandsFor(withField(gift), registry).register()).toEqual(first);
    expect(versions.length).toBe(2);
    expect(new Set(asked)).toEqual(new Set(["order-events-com.ecommerce.order.Order"]));
  });

  test("registers nothing that is not released, and needs a registry", async () => {
    const { commandsFor } = stage();
    await commandsFor(order).release();
    const { registry, versions } = memoryRegistry();
    const early = await commandsFor(withField(gift), registry).register();
    expect(early.ok).toBe(false);
    expect(early.lines.join("\n")).toContain("has changed since its last release");
    expect(versions).toEqual([]);
    expect((await commandsFor(order).register()).lines.join("\n")).toContain(
      "SCHEMA_REGISTRY_URL is not set",
    );
  });

  test("says which subject the registry refused, and stops there", async () => {
    const { commandsFor } = stage();
    await commandsFor(order).release();
    const { ok, lines } = await commandsFor(order, memoryRegistry(["idOf"]).registry).register();
    expect(ok).toBe(false);
    expect(lines).toEqual([
      "order-events-com.ecommerce.order.Order: v1: The schema registry refused it. Run it again: what is done stays.",
    ]);
  });
});

test("every schema of this tree is released as it is: a deploy's registration takes no other", () => {
  const released = readReleasedVersions();
  const unreleased = Object.values(schemaCatalog).filter(
    ({ fullName, definition }) => released.of(fullName).at(-1)?.definition !== definition,
  );
  // `bun run schemas -- release` freezes them.
  expect(unreleased.map(({ fullName }) => fullName)).toEqual([]);
});
