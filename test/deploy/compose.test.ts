// compose.yaml and the Dockerfile cannot be run everywhere; what can be said about them without Docker is said here. The
// Dockerfile's steps are followed by test/image.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { YAML } from "bun";
import { z } from "zod";
import { createKeyRing, readKeys } from "../../service/api-keys.ts";
import { readSettings } from "../../service/settings.ts";
import { kafkaVersion, registryVersion } from "../parts/artifacts.ts";

const composeFile = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      ports: z.array(z.string()),
      profiles: z.array(z.string()).optional(),
      volumes: z.array(z.string()).optional(),
      healthcheck: z.object({ test: z.array(z.string()).min(2) }),
      environment: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
      depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
    }),
  ),
});

const root = join(import.meta.dirname, "..", "..");
const text = (file: string) => readFileSync(join(root, file), "utf8");
const services = new Map(Object.entries(composeFile.parse(YAML.parse(text("compose.yaml"))).services));
const compose = [["docker-compose"], ["docker", "compose"]].find(([program = "", ...rest]) => {
  if (Bun.which(program) === null) return false;
  return Bun.spawnSync([program, ...rest, "version"]).exitCode === 0;
});

const core = ["cart", "kafka", "order", "postgres", "registry"];
const observability = ["grafana", "prometheus", "traces"];

describe("compose.yaml", () => {
  test.skipIf(compose === undefined)(
    "passes `docker-compose config`, profiles included (needs docker-compose)",
    () => {
      const { exitCode, stderr } = Bun.spawnSync([...(compose ?? []), "config", "--quiet"], {
        cwd: root,
        env: { ...process.env, COMPOSE_PROFILES: "observability" },
      });
      expect({ exitCode, stderr: stderr.toString() }).toMatchObject({ exitCode: 0 });
    },
  );

  test("runs the versions that the suites run", () => {
    expect(services.get("kafka")?.image).toBe(`apache/kafka:${kafkaVersion}`);
    expect(services.get("registry")?.image).toBe(`apicurio/apicurio-registry:${registryVersion}`);
  });

  test("binds every port to loopback (and has a health check for every service, or the file would not parse)", () => {
    expect([...services.keys()].sort()).toEqual([...core, ...observability].sort());
    for (const [name, { ports }] of services) {
      for (const port of ports) expect(`${name} ${port}`).toStartWith(`${name} 127.0.0.1:`);
    }
  });

  test("starts cart and order when what they need is healthy, with the README's settings", () => {
    const settings = [
      "API_KEYS",
      "HOST",
      "KAFKA_BROKERS",
      "OTEL_EXPORTER_OTLP_ENDPOINT",
      "SCHEMA_REGISTRY_URL",
    ];
    expect(needsOf("cart")).toEqual({
      healthy: ["kafka", "registry"],
      settings: ["CART_PORT", ...settings].sort(),
    });
    expect(needsOf("order")).toEqual({
      healthy: ["kafka", "postgres", "registry"],
      settings: ["DATABASE_URL", "ORDER_PORT", "ORDER_STATE_TOPIC", "SAGA_PARTICIPANTS", ...settings].sort(),
    });
  });

  test("gives cart and order settings that each starts with, and one key that its first lines tell and that is an admin's", () => {
    for (const name of ["cart", "order"]) {
      const read = readSettings(environmentOf(name), { keepsOrders: name === "order" });
      expect(read.ok ? [] : read.faults).toEqual([]);
      const keys = readKeys(environmentOf(name)["API_KEYS"] ?? "");
      if (!keys.ok) throw new Error(keys.faults.join());
      expect(keys.keys.map(({ role }) => role)).toEqual(["admin"]);
      const [, told = ""] = /or use the key `([^`]+)`/.exec(text("compose.yaml")) ?? [];
      expect(createKeyRing(keys.keys).identify(told)).toEqual({ name: "local", role: "admin" });
    }
  });

  test("starts the five of the core alone, and with --profile observability what looks at them", () => {
    const withProfile = [...services].filter(([, { profiles }]) => profiles?.join() === "observability");
    expect(withProfile.map(([name]) => name).sort()).toEqual(observability);
    expect([...services].filter(([, { profiles }]) => profiles === undefined).length).toBe(core.length);
  });

  test("mounts only files that are in the repository", () => {
    const mounted = [...services.values()]
      .flatMap(({ volumes = [] }) => volumes)
      .flatMap((volume) => (volume.startsWith("./") ? [volume.split(":")[0] ?? ""] : []));
    expect(mounted.length).toBeGreaterThan(4);
    expect(mounted.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  test("never lets the broker create a topic by itself", () => {
    expect(services.get("kafka")?.environment?.["KAFKA_AUTO_CREATE_TOPICS_ENABLE"]).toBe("false");
  });
});

test("the image has the Bun that the suites run, is built and run on one Debian, and not as root", () => {
  const dockerfile = text("Dockerfile");
  expect(dockerfile).toContain(`COPY --from=oven/bun:${Bun.version}-slim `);
  const images = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
  expect(images).toEqual(["debian:bookworm-slim", "gcr.io/distroless/base-nossl-debian12:nonroot"]);
  expect(dockerfile).toContain("\nUSER 65532:65532\n");
});

/** As compose fills it in where nothing is set. */
function environmentOf(name: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(services.get(name)?.environment ?? {}).map(([variable, value]) => [
      variable,
      String(value).replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1"),
    ]),
  );
}

function needsOf(name: string): {
  readonly healthy: readonly string[];
  readonly settings: readonly string[];
} {
  const { depends_on: needs = {}, environment = {} } = services.get(name) ?? {};
  const healthy = Object.entries(needs).filter(([, { condition }]) => condition === "service_healthy");
  return { healthy: healthy.map(([needed]) => needed).sort(), settings: Object.keys(environment).sort() };
}
