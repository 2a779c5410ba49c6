// `bun run client`: the typed client as an npm package, `orderwire-client-<version>.tgz`, for programs outside this repository.
// One ES module with everything in it, so Node 20, Deno, Bun and browsers load it as it is; types beside it.
//
//   bun run client              writes it here
//   bun run client -- <folder>  writes it there
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { runToEnd } from "../test/parts/run-to-end.ts";

const root = join(import.meta.dirname, "..");
const entry = join(root, "contract", "client-exports.ts");

/** Gives the archive's path. */
export async function packClient(folder: string): Promise<string> {
  const content = mkdtempSync(join(tmpdir(), "orderwire-client-"));
  try {
    await Promise.all([writeModule(content), writeTypes(content)]);
    writeFileSync(join(content, "package.json"), `${JSON.stringify(packageManifest, null, 2)}\n`);
    writeFileSync(join(content, "README.md"), readme);
    await runToEnd([process.execPath, "pm", "pack", "--quiet", "--destination", resolve(folder)], {
      cwd: content,
    });
    return join(resolve(folder), `orderwire-client-${manifest.version}.tgz`);
  } finally {
    rmSync(content, { recursive: true, force: true });
  }
}

const { "@trpc/client": trpcClient, "@trpc/server": trpcServer, zod } = manifest.dependencies;

const packageManifest = {
  name: "@orderwire/client",
  version: manifest.version,
  description: "Typed clients of Orderwire's cart and order services.",
  license: manifest.license,
  type: "module",
  exports: { ".": { types: "./types/client-exports.d.ts", default: "./client.js" } },
  files: ["client.js", "types"],
  sideEffects: false,
  // What the types are made of; the module itself has it inside.
  dependencies: { "@trpc/client": trpcClient, "@trpc/server": trpcServer, zod },
};

const readme = `# @orderwire/client

\`\`\`ts
import { createCartClient, readContractError, withIdempotencyKey } from "@orderwire/client";

const cart = createCartClient("http://localhost:8000");
await cart.orders.create.mutate({ orderId: "ORDER-001", itemCount: 3 }, withIdempotencyKey("create-ORDER-001"));
\`\`\`

Runs in Bun, Node 20 and newer, Deno and browsers.
`;

async function writeModule(folder: string): Promise<void> {
  await Bun.build({
    entrypoints: [entry],
    outdir: folder,
    naming: "client.js",
    // Nothing of any server runtime: what runs in a browser runs everywhere.
    target: "browser",
    format: "esm",
  });
}

async function writeTypes(folder: string): Promise<void> {
  const options = {
    outDir: join(folder, "types"),
    rootDir: join(root, "contract"),
    target: "ESNext",
    module: "Preserve",
    moduleResolution: "Bundler",
    lib: "ESNext,DOM,DOM.Iterable",
    types: "",
  };
  const switches =
    "ignoreConfig declaration emitDeclarationOnly strict exactOptionalPropertyTypes verbatimModuleSyntax skipLibCheck allowImportingTsExtensions";
  await runToEnd([
    process.execPath,
    join(root, "node_modules", ".bin", "tsc"),
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    ...switches.split(" ").map((name) => `--${name}`),
    entry,
  ]);
}

if (import.meta.main) {
  const path = await packClient(process.argv[2] ?? ".");
  process.stdout.write(
    `${path}\nInstall it with \`npm install ${path}\`, or Bun's, pnpm's or Deno's equal.\n`,
  );
}
