// `bun scripts/bundle.ts <folder>`: everything that the two services need to run, and nothing else, for the image: each
// program as one file, what they read at run time beside them, and of the packages only the native client.
import { cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { writePrebuilt } from "../console/build-console.ts";
import { fetchViewer } from "../service/api-reference/fetch-viewer.ts";

const checkout = join(import.meta.dirname, "..");
const kafkaPackage = join("node_modules", "@confluentinc", "kafka-javascript");

/** Program → where it lies in the folder. Code finds files beside itself, so the path decides what it finds. */
const programs: Readonly<Record<string, string>> = {
  "cart/main.ts": "cart/main.js",
  "order/main.ts": "order/main.js",
  // Under the name by which the bundled order asks for it.
  "order/store/sqlite-thread-program.ts": "order/sqlite-thread-program.ts",
  "scripts/schemas.ts": "scripts/schemas.js",
  "scripts/dlq.ts": "scripts/dlq.js",
  "scripts/rebuild-dead-letters.ts": "scripts/rebuild-dead-letters.js",
};

/** What they read at run time. */
const files: Readonly<Record<string, string>> = {
  "package.json": "package.json",
  "order/store/migrations": "order/migrations",
  "schemas/released": "released",
  [join(kafkaPackage, "package.json")]: join(kafkaPackage, "package.json"),
  [join(kafkaPackage, "librdkafka.js")]: join(kafkaPackage, "librdkafka.js"),
  [join(kafkaPackage, "build", "Release")]: join(kafkaPackage, "build", "Release"),
  // What the package needs to find its add-on.
  "node_modules/bindings": "node_modules/bindings",
  "node_modules/file-uri-to-path": "node_modules/file-uri-to-path",
};

export async function writeBundle(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length > 0) throw new Error(`${folder} is not empty: name a new one.`);
  for (const [source, target] of Object.entries(programs)) {
    const { outputs } = await Bun.build({
      entrypoints: [join(checkout, source)],
      target: "bun",
      external: ["@confluentinc/kafka-javascript"],
      define: { "process.env.NODE_ENV": '"production"' },
    });
    for (const output of outputs) await Bun.write(join(folder, target), output);
  }
  for (const [source, target] of Object.entries(files)) copy(source, join(folder, target));
  // The client's own files, without the KafkaJS-like layer on top.
  const library = join(kafkaPackage, "lib");
  for (const entry of readdirSync(join(checkout, library))) {
    if (entry !== "kafkajs") copy(join(library, entry), join(folder, library, entry));
  }
  await writePrebuilt(join(folder, "order", "console.json"));
  const viewer = await fetchViewer();
  if (!viewer.ok) throw new Error(`The page at /docs has no viewer: ${viewer.reason}`);
  cpSync(viewer.path, join(folder, "viewer.js"));
}

function copy(source: string, target: string): void {
  const from = join(checkout, source);
  if (!existsSync(from)) throw new Error(`${source} is not there: run \`bun kafka/native/build.ts\` first.`);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(from, target, { recursive: true, dereference: true });
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) {
    process.stderr.write("Name the folder: bun scripts/bundle.ts <folder>\n");
    process.exit(2);
  }
  await writeBundle(folder);
}
