// Promises the console's files, bundled and minified with hashed names, from one build a process: made when it is first
// asked for, so that a start does not pay for it, and made again after a build that failed.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

export interface ConsoleAsset {
  /** Below `/console/assets/`; has the hash of its content in it. */
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
}

export interface BuiltConsole {
  readonly assets: ReadonlyMap<string, ConsoleAsset>;
  readonly themeScript: string;
  readonly script: string;
  readonly stylesheet: string;
  readonly icon: string;
}

const app = join(import.meta.dirname, "app");
/** Beside a bundled order, where scripts/bundle.ts writes it; no file of the sources. */
const prebuilt = join(import.meta.dirname, "console.json");

/** The same build for all who ask; the one that was made with the bundle, where there is one. */
export function createConsoleBuild(
  build: () => Promise<BuiltConsole> = existsSync(prebuilt) ? readPrebuilt : buildConsole,
): () => Promise<BuiltConsole> {
  let built: Promise<BuiltConsole> | undefined;
  return () => {
    built ??= build().catch((error: unknown) => {
      built = undefined;
      throw error;
    });
    return built;
  };
}

/** What `readPrebuilt` of a bundled order reads. */
export async function writePrebuilt(file: string): Promise<void> {
  const { assets, ...names } = await buildConsole();
  const texts = [...assets.values()].map(({ name, type, bytes }) => ({ name, type, text: textOf(bytes) }));
  await Bun.write(file, JSON.stringify({ ...names, assets: texts }));
}

async function readPrebuilt(): Promise<BuiltConsole> {
  const { assets, ...names } = prebuiltSchema.parse(await Bun.file(prebuilt).json());
  return {
    ...names,
    assets: new Map(
      assets.map(({ name, type, text }) => [
        name,
        { ...asset(name, type, new TextEncoder().encode(text)), type },
      ]),
    ),
  };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

const prebuiltSchema = z.object({
  themeScript: z.string(),
  script: z.string(),
  stylesheet: z.string(),
  icon: z.string(),
  assets: z.array(z.object({ name: z.string(), type: z.string(), text: z.string() })),
});

async function buildConsole(): Promise<BuiltConsole> {
  const { outputs } = await Bun.build({
    entrypoints: [join(app, "main.tsx"), join(app, "theme-start.ts")],
    target: "browser",
    format: "esm",
    minify: true,
    naming: "[name]-[hash].[ext]",
    define: { "process.env.NODE_ENV": '"production"' },
    tsconfig: join(app, "tsconfig.json"),
  });
  const assets = await Promise.all([...outputs.map(assetOf), iconAsset()]);
  const named = (start: string, end: string): string => {
    const found = assets.find(({ name }) => name.startsWith(`${start}-`) && name.endsWith(end));
    if (found === undefined) throw new Error(`the console's build has no ${start}*${end}`);
    return found.name;
  };
  return {
    assets: new Map(assets.map((asset) => [asset.name, asset])),
    themeScript: named("theme-start", ".js"),
    script: named("main", ".js"),
    stylesheet: named("main", ".css"),
    icon: named("icon", ".svg"),
  };
}

async function assetOf(output: Bun.BuildArtifact): Promise<ConsoleAsset> {
  const type = output.path.endsWith(".css") ? "text/css" : "text/javascript";
  return asset(output.path.replace(/^.*\//, ""), type, new Uint8Array(await output.arrayBuffer()));
}

async function iconAsset(): Promise<ConsoleAsset> {
  const bytes = await Bun.file(join(app, "icon.svg")).bytes();
  return asset(`icon-${Bun.hash(bytes).toString(36)}.svg`, "image/svg+xml", bytes);
}

function asset(name: string, type: string, bytes: Uint8Array<ArrayBuffer>): ConsoleAsset {
  return { name, type: `${type}; charset=utf-8`, bytes, gzipped: Bun.gzipSync(bytes) };
}
