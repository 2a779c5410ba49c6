// Promises a user to run PostgreSQL as: it refuses to run as root, and containers and CI are root.
import { runToEnd } from "./run-to-end.ts";

/** `undefined` when this process is not root: the server then runs as whoever runs the tests. */
export async function readUnprivilegedUser(): Promise<
  { readonly uid: number; readonly gid: number } | undefined
> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    const uid = await readId("-u", name);
    const gid = await readId("-g", name);
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new Error("PostgreSQL refuses to run as root, and neither user `postgres` nor `nobody` exists here.");
}

async function readId(option: "-u" | "-g", name: string): Promise<number | undefined> {
  try {
    return Number(await runToEnd(["id", option, name]));
  } catch {
    return undefined;
  }
}
