// The suites that need servers (`*.real.test.ts`): starts Kafka, the registry and PostgreSQL once, tells the suites where
// they are, and stops them. What a machine lacks is said aloud: a skip, or a failure where the parts are required.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { missingTools } from "../test/parts/machine.ts";
import { startParts } from "../test/parts/parts.ts";
import { addLanes, emptyLane, laneWithout, type LaneResult } from "./lane.ts";
import { preparePython } from "./python-environment.ts";
import { runSuites } from "./suite-process.ts";

export interface RealLaneOptions {
  readonly root: string;
  /** A missing part is a failure instead of a skip: REQUIRE_REAL_PARTS=1, as in CI. */
  readonly required: boolean;
}

const suiteEndsWithinMs = 600_000;

export async function runRealLane(files: readonly string[], options: RealLaneOptions): Promise<LaneResult> {
  if (files.length === 0) return emptyLane;
  const missing = missingTools();
  if (missing.length > 0) return laneWithout("real parts", missing, options.required);
  const startedAt = performance.now();
  const parts = await startParts().catch((error: unknown) => String(error));
  if (typeof parts === "string") {
    return { ...emptyLane, failures: [`real parts: they did not start: ${parts}`] };
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`Kafka, the registry and PostgreSQL are up after ${seconds} s.\n`);
  try {
    const python = await interopPython(options);
    const suites = await runSuites(files, {
      root: options.root,
      environment: {
        TEST_KAFKA_BROKERS: parts.kafka.brokers,
        TEST_SCHEMA_REGISTRY_URL: parts.registry.url,
        TEST_DATABASE_URL: parts.postgres.url,
        ...python.environment,
      },
      endsWithinMs: suiteEndsWithinMs,
    });
    return addLanes([python.result, suites]);
  } finally {
    await parts.close();
  }
}

interface InteropPython {
  readonly environment: Readonly<Record<string, string>>;
  readonly result: LaneResult;
}

async function interopPython({ root, required }: RealLaneOptions): Promise<InteropPython> {
  const requirements = join(root, "schemas", "interop", "requirements.txt");
  if (!existsSync(requirements)) return { environment: {}, result: emptyLane };
  const python = await preparePython(requirements);
  if (python.ok) return { environment: { TEST_PYTHON: python.python }, result: emptyLane };
  return { environment: {}, result: laneWithout("Python interop", [python.reason], required) };
}
