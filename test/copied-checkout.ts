// Promises a folder with what git tracks here, or would track, and nothing else: for what a newcomer does in a fresh clone,
// and for running a changed version of the product beside this one.
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runToEnd } from "./parts/run-to-end.ts";

export interface CopiedCheckout {
  readonly folder: string;
  remove(): void;
}

const checkout = join(import.meta.dirname, "..");

export async function copyCheckout(): Promise<CopiedCheckout> {
  const folder = mkdtempSync(join(tmpdir(), "orderwire-copy-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const list = await runToEnd(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
      cwd: checkout,
    });
    for (const file of list.split("\0").filter(Boolean)) {
      const source = join(checkout, file);
      if (existsSync(source)) cpSync(source, join(folder, file), { recursive: true });
    }
    return { folder, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The packages and the native client of this checkout, so that the copy need not install them. */
export function linkPackages({ folder }: CopiedCheckout): void {
  symlinkSync(join(checkout, "node_modules"), join(folder, "node_modules"));
}
