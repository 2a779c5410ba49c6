// compose.yaml and the Dockerfile cannot be run everywhere; what can be said about them without Docker is said here.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { YAML } from "bun";
import { z } from "zod";
import { kafkaVersion, registryVersion } from "./parts/artifacts.ts";

const composeFile = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      ports: z.array(z.string()),
      healthcheck: z.object({ test: z.array(z.string()).min(2) }),
      environment: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
      depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
    }),
  ),
});

const root = join(import.meta.dirname, "..");
const text = (file: string) => readFileSync(join(root, file), "utf8");
const services = new Map(Object.entries(composeFile.parse(YAML.parse(text("compose.yaml"))).services));
const compose = [["docker-compose"], ["docker", "compose"]].find(([program = "", ...rest]) => {
  if (Bun.which(program) === null) return false;
  return Bun.spawnSync([program, ...rest, "version"]).exitCode === 0;
});

describe("compose.yaml", () => {
  test.skipIf(compose === undefined)("passes `docker-compose config` (needs docker-compose)", () => {
    const { exitCode, stderr } = Bun.spawnSync([...(compose ?? []), "config", "--quiet"], {
      cwd: root,
      env: { ...process.env, API_KEYS: "me:admin:00" },
    });
    expect({ exitCode, stderr: stderr.toString() }).toMatchObject({ exitCode: 0 });
  });

  test("runs the versions that the suites run", () => {
    expect(services.get("kafka")?.image).toBe(`apache/kafka:${kafkaVersion}`);
    expect(services.get("registry")?.image).toBe(`apicurio/apicurio-registry:${registryVersion}`);
  });

  test("binds every port to loopback (and has a health check for every service, or the file would not parse)", () => {
    expect([...services.keys()].sort()).toEqual(["cart", "kafka", "order", "postgres", "registry"]);
    for (const [name, { ports }] of services) {
      for (const port of ports) expect(`${name} ${port}`).toStartWith(`${name} 127.0.0.1:`);
    }
  });

  test("starts cart and order when what they need is healthy, with the README's settings", () => {
    const settings = ["API_KEYS", "HOST", "KAFKA_BROKERS", "SCHEMA_REGISTRY_URL"];
    expect(needsOf("cart")).toEqual({
      healthy: ["kafka", "registry"],
      settings: ["CART_PORT", ...settings].sort(),
    });
    expect(needsOf("order")).toEqual({
      healthy: ["kafka", "postgres", "registry"],
      settings: ["DATABASE_URL", ...settings, "ORDER_PORT"].sort(),
    });
  });

  test("never lets the broker create a topic by itself", () => {
    expect(services.get("kafka")?.environment?.["KAFKA_AUTO_CREATE_TOPICS_ENABLE"]).toBe("false");
  });
});

test("the image runs the Bun that the suites run, and not as root", () => {
  const dockerfile = text("Dockerfile");
  const images = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
  expect(images).toEqual([`oven/bun:${Bun.version}-slim`, `oven/bun:${Bun.version}-slim`]);
  expect(dockerfile).toContain("\nUSER bun\n");
});

function needsOf(name: string): {
  readonly healthy: readonly string[];
  readonly settings: readonly string[];
} {
  const { depends_on: needs = {}, environment = {} } = services.get(name) ?? {};
  const healthy = Object.entries(needs).filter(([, { condition }]) => condition === "service_healthy");
  return { healthy: healthy.map(([needed]) => needed).sort(), settings: Object.keys(environment).sort() };
}
