import { expect, test } from "bun:test";
import { join } from "node:path";
import { readSettings } from "../service/settings.ts";
import { collectorUrl, openTracing, readPairs } from "./open-tracing.ts";

function settingsOf(environment: Readonly<Record<string, string>>) {
  const read = readSettings(environment);
  if (!read.ok) throw new Error(read.faults.join(" "));
  return read.value;
}

test("there are no traces unless a collector is named, and none where they are switched off", async () => {
  expect(await openTracing(settingsOf({}), "cart")).toBeUndefined();
  const named = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318/" };
  expect(collectorUrl(settingsOf(named))).toBe("http://collector:4318/v1/traces");
  expect(collectorUrl(settingsOf({ ...named, OTEL_SDK_DISABLED: "true" }))).toBeUndefined();
  const whole = { ...named, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://other/otlp" };
  expect(collectorUrl(settingsOf(whole))).toBe("https://other/otlp");
});

test("OpenTelemetry's packages are named in one file, which is loaded for a collector only", async () => {
  const root = join(import.meta.dirname, "..");
  const naming: string[] = [];
  for (const folder of ["cart", "contract", "kafka", "order", "schemas", "service", "telemetry"]) {
    for await (const file of new Bun.Glob("**/*.ts").scan(join(root, folder))) {
      if (file.endsWith(".test.ts")) continue;
      const text = await Bun.file(join(root, folder, file)).text();
      if (/from "@opentelemetry\/|from "\.\.?\/.*otlp-tracing\.ts"/.test(text))
        naming.push(`${folder}/${file}`);
    }
  }
  expect(naming).toEqual(["telemetry/otlp-tracing.ts"]);
});

test("pairs are read as OpenTelemetry writes them", () => {
  expect(readPairs("api-key=a%20b, tenant = x,=no,broken,percent=%zz")).toEqual({
    "api-key": "a b",
    tenant: "x",
    percent: "%zz",
  });
});
