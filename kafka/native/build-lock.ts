// One build at a time for one cache key, across processes. A lock that is not renewed is taken over, so a killed build
// blocks nobody; and should two builds run after all, each has its own folder and both install the same file.
import { closeSync, openSync, rmSync, statSync, utimesSync } from "node:fs";

// The holder renews ten times before another process may take it over; a suspended laptop may still lose it, which
// costs a second build and nothing else.
const renewEveryMs = 1_000;
const staleAfterMs = 10_000;

export interface BuildLock {
  release(): void;
}

/** Null when another process holds it. */
export function tryBuildLock(path: string): BuildLock | null {
  try {
    closeSync(openSync(path, "wx"));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    const age = ageMs(path);
    if (age !== null && age < staleAfterMs) return null;
    rmSync(path, { force: true });
    return tryBuildLock(path);
  }
  const renewal = setInterval(() => {
    try {
      const now = new Date();
      utimesSync(path, now, now);
    } catch {
      // Taken over or cleaned away: the build goes on in its own folder.
    }
  }, renewEveryMs);
  renewal.unref();
  return {
    release() {
      clearInterval(renewal);
      rmSync(path, { force: true });
    },
  };
}

function ageMs(path: string): number | null {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return null;
  }
}
