// A disk of its own that is soon full: a file system in memory, which needs the rights of root. Where it cannot be had, the
// catalogue says so.
import { chownSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDisk {
  readonly folder: string;
  /** Takes what room there is. */
  fill(): void;
  /** Gives it back. */
  free(): void;
  close(): void;
}

export interface SmallDiskOptions {
  readonly megabytes: number;
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

export function openSmallDisk({ megabytes, owner }: SmallDiskOptions): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), "orderwire-disk-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder], {
    encoding: "utf8",
  });
  if (mounted.status !== 0) {
    rmdirSync(folder);
    throw new Error(`no file system could be mounted: ${mounted.stderr?.trim() || "mount was not found"}`);
  }
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  const ballast = (kilobytes: number) => join(folder, `ballast-${kilobytes}`);
  return {
    folder,
    fill() {
      for (const kilobytes of [1024, 64, 4]) {
        for (let part = 0; part < megabytes * 1024; part += 1) {
          if (!tryWrite(`${ballast(kilobytes)}-${part}`, kilobytes * 1024)) break;
        }
      }
    },
    free() {
      for (const name of new Bun.Glob("ballast-*").scanSync({ cwd: folder })) rmSync(join(folder, name));
    },
    close() {
      spawnSync("umount", ["-l", folder]);
      rmdirSync(folder);
    },
  };
}

/** The sentence that says why there can be none here; undefined where there can. */
export function whyNoSmallDisk(): string | undefined {
  try {
    openSmallDisk({ megabytes: 1 }).close();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function tryWrite(path: string, bytes: number): boolean {
  try {
    writeFileSync(path, Buffer.alloc(bytes, 1), { flag: "wx" });
    return true;
  } catch {
    rmSync(path, { force: true });
    return false;
  }
}
