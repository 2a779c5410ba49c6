// The manifests against the schemas of Kubernetes and KEDA, and against what the services are: their settings, paths, ports,
// topics and stopping times.
import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { closeTimeoutMs } from "../../service/run-service.ts";
import { readSettings } from "../../service/settings.ts";
import { topicSpecs } from "../../service/topics.ts";
import { readManifests, schemaFaults, type Manifest } from "./manifests.ts";

const manifests = readManifests();
const find = (kind: string, name: string): Manifest => {
  const found = manifests.find((one) => one.kind === kind && one.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
};

const probe = z.object({
  httpGet: z.object({ path: z.string() }),
  periodSeconds: z.number(),
  failureThreshold: z.number(),
});
const podSchema = z.object({
  terminationGracePeriodSeconds: z.number().optional(),
  securityContext: z.object({ runAsNonRoot: z.literal(true) }),
  containers: z
    .array(
      z.object({
        image: z.literal("orderwire"),
        args: z.array(z.string()),
        env: z
          .array(
            z.object({
              name: z.string(),
              valueFrom: z.looseObject({}).optional(),
              value: z.string().optional(),
            }),
          )
          .default([]),
        livenessProbe: probe.optional(),
        readinessProbe: probe.optional(),
        resources: z.object({
          requests: z.object({ cpu: z.string(), memory: z.string() }),
          limits: z.object({ memory: z.string() }),
        }),
        securityContext: z.object({
          allowPrivilegeEscalation: z.literal(false),
          readOnlyRootFilesystem: z.literal(true),
          capabilities: z.object({ drop: z.tuple([z.literal("ALL")]) }),
        }),
      }),
    )
    .length(1),
});
const workload = z.object({ spec: z.object({ template: z.object({ spec: podSchema }) }) });
const podOf = (kind: string, name: string) => workload.parse(find(kind, name)).spec.template.spec;
const services = [podOf("Deployment", "cart"), podOf("StatefulSet", "order")];
const configured = z.record(z.string(), z.string()).parse(find("ConfigMap", "orderwire")["data"]);
const secrets: Readonly<Record<string, string>> = {
  API_KEYS: `ops:admin:${"0".repeat(64)}`,
  DATABASE_URL: "postgres://somewhere/orders",
};

function settings() {
  const read = readSettings({ ...configured, ...secrets });
  if (!read.ok) throw new Error(read.faults.join(" "));
  return read.value;
}

describe("the manifests", () => {
  test("are as the schemas of Kubernetes and KEDA want them, field by field", async () => {
    expect(await schemaFaults(manifests)).toEqual([]);
  }, 60_000);

  test("would not be, with one mistyped field or one wrong value", async () => {
    const cart = JSON.stringify(find("Deployment", "cart"));
    const mistyped = JSON.parse(cart.replace('"readinessProbe"', '"readynessProbe"')) as Manifest;
    const wrong = JSON.parse(cart.replace('"containerPort":8000', '"containerPort":"8000"')) as Manifest;
    const scaled = JSON.stringify(find("ScaledObject", "order"));
    const unscaled = JSON.parse(scaled.replace('"maxReplicaCount"', '"maxReplicas"')) as Manifest;
    for (const broken of [mistyped, wrong, unscaled]) expect(await schemaFaults([broken])).not.toEqual([]);
  }, 60_000);

  test("give the services settings that they take, and nothing that they do not know", () => {
    expect(settings()).toMatchObject({ HOST: "0.0.0.0", KAFKA_REPLICATION_FACTOR: 3 });
    const known = new Set(Object.keys(settings()));
    expect(Object.keys(configured).filter((name) => !known.has(name))).toEqual([]);
    for (const { containers } of services) {
      for (const { name, value, valueFrom } of containers.flatMap(({ env }) => env)) {
        expect({ name, value }).toEqual({ name, value: undefined });
        expect(valueFrom).toBeDefined();
      }
    }
  });

  test("start each service with what its own container is given: cart has no database", () => {
    for (const [index, keepsOrders] of [false, true].entries()) {
      const names = (services[index]?.containers[0]?.env ?? []).map(({ name }) => name);
      const given = Object.fromEntries(names.map((name) => [name, secrets[name] ?? "order-0"]));
      const read = readSettings({ ...configured, ...given }, { keepsOrders });
      expect(read.ok ? [] : read.faults).toEqual([]);
      expect(names.includes("DATABASE_URL")).toBe(keepsOrders);
    }
  });

  test("name every instance of order after its pod, for the consumer groups", () => {
    const [order] = podOf("StatefulSet", "order").containers;
    expect(order?.env).toContainEqual({
      name: "ORDER_INSTANCE_ID",
      valueFrom: { fieldRef: { fieldPath: "metadata.name" } },
    });
  });

  test("let nothing be restarted because a dependency is away, and nothing be called that is stopping", () => {
    for (const { containers } of services) {
      expect(containers[0]?.livenessProbe?.httpGet.path).toBe("/health/live");
      expect(containers[0]?.readinessProbe?.httpGet.path).toBe("/health/serving");
    }
  });

  test("leave an instance longer to drain than its probe needs to notice, and longer to stop than it takes", () => {
    const { DRAIN_MS } = settings();
    for (const { containers, terminationGracePeriodSeconds = 0 } of services) {
      const { periodSeconds = 0, failureThreshold = 0 } = containers[0]?.readinessProbe ?? {};
      expect(DRAIN_MS).toBeGreaterThan((periodSeconds * failureThreshold + 2) * 1000);
      expect(terminationGracePeriodSeconds * 1000).toBeGreaterThan(DRAIN_MS + closeTimeoutMs);
    }
  });

  test("scale order by the lag of its own groups, to no more instances than there are partitions", () => {
    const { spec } = z
      .object({
        spec: z.object({
          maxReplicaCount: z.number(),
          triggers: z.array(
            z.object({
              metadata: z.object({
                bootstrapServers: z.string(),
                consumerGroup: z.string(),
                topic: z.string(),
              }),
            }),
          ),
        }),
      })
      .parse(find("ScaledObject", "order"));
    const own = settings();
    expect(spec.triggers.map(({ metadata }) => [metadata.topic, metadata.consumerGroup])).toEqual([
      [own.KAFKA_ORDER_TOPIC, own.KAFKA_GROUP_ID],
      [own.KAFKA_STATUS_UPDATE_TOPIC, `${own.KAFKA_GROUP_ID}-status-updates`],
    ]);
    for (const { metadata } of spec.triggers) {
      expect(metadata.bootstrapServers).toBe(own.KAFKA_BROKERS ?? "");
      const topic = topicSpecs(own).find(({ name }) => name === metadata.topic);
      expect(spec.maxReplicaCount).toBeLessThanOrEqual(topic?.partitions ?? 0);
    }
  });

  test("hold no secret", () => {
    expect(manifests.filter(({ kind }) => kind === "Secret")).toEqual([]);
    expect(Object.keys(configured).filter((name) => /PASSWORD|KEYS|DATABASE_URL/.test(name))).toEqual([]);
  });
});
