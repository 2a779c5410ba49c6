// Promises the one file of Scalar's npm package that the page of the API needs, in the cache outside the checkout: the
// exact release, by its hash. As a dependency the package would bring 268 others and 278 MB for the same file.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defaultCacheDir } from "../../kafka/native/build.ts";

const release = "@scalar/api-reference@1.72.1";
const sha512 = "XpEJ0rfc/cXbCrR+iC4kK0o/WwX2dTtGQbT049OlPKAHD6IMIFdTeGz2r+M27P2EDWKyUITRm/NzlP8z2pw/Ow==";
const wanted = "package/dist/browser/standalone.js";

/** In the image beside the services, which scripts/bundle.ts puts there; in a checkout there is nothing at this path. */
const bundled = join(import.meta.dirname, "..", "viewer.js");

/** Where the viewer is once it was fetched; the folder's name changes with the release. */
export function viewerPath(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  if (existsSync(bundled)) return bundled;
  const folder = release.replace(/^@/, "").replaceAll(/[/@]/g, "-");
  return join(defaultCacheDir(environment), "viewer", folder, "standalone.js");
}

export type FetchedViewer =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly reason: string };

/** Downloads at most once, 10 MB; two processes at once both succeed. Nothing that does not have the hash is kept. */
export async function fetchViewer(
  path = viewerPath(),
  download: () => Promise<Uint8Array<ArrayBuffer>> = downloadRelease,
): Promise<FetchedViewer> {
  if (existsSync(path)) return { ok: true, path };
  const partial = `${path}.${crypto.randomUUID()}`;
  try {
    const tarball = await download();
    const hash = new Bun.CryptoHasher("sha512").update(tarball).digest("base64");
    if (hash !== sha512)
      return { ok: false, reason: `${release} came with another hash than it was released with.` };
    const files = await new Bun.Archive(tarball).files(wanted);
    const file = files.get(wanted);
    if (file === undefined) return { ok: false, reason: `${release} has no ${wanted}.` };
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(partial, await file.bytes());
    renameSync(partial, path);
    return { ok: true, path };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return { ok: false, reason: `${release} could not be fetched from your npm registry (${cause}).` };
  } finally {
    rmSync(partial, { force: true });
  }
}

/** From the registry that `bun install` uses: its settings are those of the checkout. */
async function downloadRelease(): Promise<Uint8Array<ArrayBuffer>> {
  const asked = Bun.spawn([process.execPath, "pm", "view", release, "dist.tarball"], {
    cwd: join(import.meta.dirname, "..", ".."),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const url = (await new Response(asked.stdout).text()).trim();
  if ((await asked.exited) !== 0 || !URL.canParse(url))
    throw new Error("the registry does not tell where it is");
  const response = await fetch(url, { signal: AbortSignal.timeout(120_000) });
  if (!response.ok) throw new Error(`${response.status} for its archive`);
  return new Uint8Array(await response.arrayBuffer());
}

if (import.meta.main) {
  const fetched = await fetchViewer();
  // The services run without it: the page of the API then names the document alone.
  if (!fetched.ok) process.stderr.write(`The page at /docs stays plain: ${fetched.reason}\n`);
}
