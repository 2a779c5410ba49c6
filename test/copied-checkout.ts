// Promises a folder with what belongs to the checkout and nothing that was made in it: for what a newcomer does in a fresh
// clone, and for running a changed version of the product beside this one. Needs no git: a checkout may be an unpacked archive.
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";

export interface CopiedCheckout {
  readonly folder: string;
  remove(): void;
}

const checkout = join(import.meta.dirname, "..");
/** As in `.gitignore`. */
const made =
  /^(?:\.git|\.parts|bench\/out|test\/out|[^/]*\.tgz)$|(?:^|\/)node_modules$|\.log$|\.sqlite[^/]*$/;

export function copyCheckout(): CopiedCheckout {
  const folder = mkdtempSync(join(tmpdir(), "orderwire-copy-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    cpSync(checkout, folder, {
      recursive: true,
      filter: (source) => !made.test(relative(checkout, source).replaceAll(sep, "/")),
    });
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
