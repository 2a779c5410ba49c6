// Reads deploy/kubernetes and says what Kubernetes' and KEDA's own schemas have against it: wrong values by the schemas, and
// fields that they do not have, which an API server would drop or refuse, by the types made from the same schemas.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { YAML } from "bun";
import { z } from "zod";

const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});
export type Manifest = z.infer<typeof manifestSchema>;

const checkout = join(import.meta.dirname, "..", "..");
const folder = join(checkout, "deploy", "kubernetes");
const kustomization = "kustomization.yaml";

/** Package and module of every kind that is used. */
const models: Readonly<Record<string, string>> = {
  "v1 Namespace": "kubernetes-models/v1/Namespace",
  "v1 ConfigMap": "kubernetes-models/v1/ConfigMap",
  "v1 Service": "kubernetes-models/v1/Service",
  "apps/v1 Deployment": "kubernetes-models/apps/v1/Deployment",
  "apps/v1 StatefulSet": "kubernetes-models/apps/v1/StatefulSet",
  "batch/v1 Job": "kubernetes-models/batch/v1/Job",
  "autoscaling/v2 HorizontalPodAutoscaler": "kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler",
  "policy/v1 PodDisruptionBudget": "kubernetes-models/policy/v1/PodDisruptionBudget",
  "networking.k8s.io/v1 NetworkPolicy": "kubernetes-models/networking.k8s.io/v1/NetworkPolicy",
  "keda.sh/v1alpha1 ScaledObject": "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject",
};

const kustomizationSchema = z.object({ resources: z.array(z.string()) });

/** A class whose instances check themselves, as the packages have them. */
function isModel(value: unknown): value is new (data: unknown) => { validate(): void } {
  return typeof value === "function";
}

/** All that the kustomization names, in its order. Throws when a file lies there that it does not name. */
export function readManifests(): readonly Manifest[] {
  const { resources } = kustomizationSchema.parse(
    YAML.parse(readFileSync(join(folder, kustomization), "utf8")),
  );
  const forgotten = readdirSync(folder).filter(
    (file) => file.endsWith(".yaml") && file !== kustomization && !resources.includes(file),
  );
  if (forgotten.length > 0) throw new Error(`${kustomization} does not name ${forgotten.join(", ")}`);
  return resources.flatMap((file) => {
    const parsed: unknown = YAML.parse(readFileSync(join(folder, file), "utf8"));
    return (Array.isArray(parsed) ? parsed : [parsed]).map((one) => manifestSchema.parse(one));
  });
}

/** Sentences; empty when the manifests are as the schemas want them. */
export async function schemaFaults(manifests: readonly Manifest[]): Promise<readonly string[]> {
  const faults: string[] = [];
  const lines: string[] = [];
  for (const [index, manifest] of manifests.entries()) {
    const kind = `${manifest.apiVersion} ${manifest.kind}`;
    const module = models[kind];
    if (module === undefined) {
      faults.push(`${kind} has no schema here`);
      continue;
    }
    const { [manifest.kind]: Model }: Readonly<Record<string, unknown>> = await import(module);
    try {
      if (!isModel(Model)) throw new Error(`${module} has no ${manifest.kind}`);
      new Model(manifest).validate();
    } catch (error) {
      faults.push(`${manifest.kind} ${manifest.metadata.name}: ${String(error)}`);
    }
    lines.push(
      `import type { I${manifest.kind} as I${index} } from "${module}";`,
      `export const m${index}: I${index} = ${JSON.stringify(manifest)};`,
    );
  }
  return [...faults, ...(await typeFaults(lines.join("\n")))];
}

async function typeFaults(text: string): Promise<readonly string[]> {
  // Below the checkout, so that the packages are found.
  const out = join(checkout, "test", "out");
  mkdirSync(out, { recursive: true });
  const scratch = mkdtempSync(join(out, "manifests-"));
  try {
    writeFileSync(join(scratch, "manifests.ts"), text);
    const options = { extends: "../../../tsconfig.json", include: ["manifests.ts"], exclude: [] };
    writeFileSync(join(scratch, "tsconfig.json"), JSON.stringify(options));
    const tsc = Bun.spawn([process.execPath, "x", "--no-install", "tsc", "--noEmit", "--project", scratch], {
      cwd: checkout,
      stdout: "pipe",
      stderr: "ignore",
    });
    const printed = await new Response(tsc.stdout).text();
    await tsc.exited;
    return printed.split("\n").filter((line) => line.includes("error TS"));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
