import { describe, expect, test } from "bun:test";
import { effectiveSettings } from "./effective-settings.ts";
import { readSettings, type Settings, settingsSchema } from "./settings.ts";
import { isSecretSetting } from "./settings/masked-setting.ts";

function settingsOf(environment: Readonly<Record<string, string>>): Settings {
  const read = readSettings(environment);
  if (!read.ok) throw new Error(read.faults.join(" "));
  return read.value;
}

function valueOf(environment: Readonly<Record<string, string>>, name: string) {
  return effectiveSettings(settingsOf(environment)).find((setting) => setting.name === name);
}

const real = { KAFKA_BROKERS: "k:9092", SCHEMA_REGISTRY_URL: "http://r:8081" };

describe("the settings that hold", () => {
  test("are all of the table, in its order, with what was set told from defaults", () => {
    const told = effectiveSettings(settingsOf({ ORDER_PORT: "9001" }));
    expect(told.map(({ name }): string => name)).toEqual(Object.keys(settingsSchema.shape));
    expect(told.find(({ name }) => name === "ORDER_PORT")).toMatchObject({ value: "9001", isDefault: false });
    expect(told.find(({ name }) => name === "CART_PORT")).toMatchObject({ value: "8000", isDefault: true });
    expect(told.find(({ name }) => name === "DATABASE_URL")).toMatchObject({ value: null, isDefault: true });
    expect(told.every(({ about }) => about.length > 0)).toBe(true);
  });

  test.each([
    ["postgres://orders:hunter2@db:5432/orders", "postgres://orders:***@db:5432/orders"],
    ["postgres://hunter2@db/orders", "postgres://***@db/orders"],
    ["postgres://orders:hunter2:more@db/orders", "postgres://orders:***@db/orders"],
    ["postgres://orders:p@hunter2@db/orders", "postgres://orders:***@db/orders"],
    [
      "postgresql://db/orders?user=orders&password=hunter2",
      "postgresql://db/orders?user=orders&password=***",
    ],
    [
      "postgres://db/orders?sslpassword=hunter2&sslmode=require",
      "postgres://db/orders?sslpassword=***&sslmode=require",
    ],
  ])("%s is told as %s", (url, shown) => {
    const told = valueOf({ ...real, DATABASE_URL: url }, "DATABASE_URL");
    expect(told).toMatchObject({ value: shown, isMasked: true });
    expect(JSON.stringify(told)).not.toContain("hunter2");
  });

  test("credentials of the registry and of the catalog are masked as those of the database", () => {
    const environment = {
      KAFKA_BROKERS: "k:9092",
      DATABASE_URL: "postgres://a@b/c",
      SCHEMA_REGISTRY_URL: "https://reader:hunter2@registry/apis",
      CATALOG_URL: "https://catalog/products?api_key=hunter2",
    };
    expect(JSON.stringify(effectiveSettings(settingsOf(environment)))).not.toContain("hunter2");
  });

  test("headers for the collector carry its token, and are masked whole", () => {
    const told = valueOf(
      { OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Bearer hunter2" },
      "OTEL_EXPORTER_OTLP_HEADERS",
    );
    expect(told).toMatchObject({ value: "***", isMasked: true });
  });

  test("a setting whose name says that it is a secret is one, whatever else is said of it", () => {
    const names = Object.keys(settingsSchema.shape);
    const suspicious = names.filter((name) => /PASSWORD|SECRET|TOKEN|_KEY(S|$|_)|CREDENTIAL/.test(name));
    for (const { name, isMasked, value } of effectiveSettings(settingsOf({}))) {
      if (suspicious.includes(name)) expect(isSecretSetting(name)).toBe(true);
      if (isMasked) expect(value).toContain("***");
    }
  });

  test("a duration is told as it is written", () => {
    expect(valueOf({ SAGA_JOIN_WINDOW: "PT1M30S" }, "SAGA_JOIN_WINDOW")).toMatchObject({ value: "PT90S" });
    expect(valueOf({}, "SAGA_JOIN_WINDOW")).toMatchObject({ value: "PT10S", isDefault: true });
  });
});
