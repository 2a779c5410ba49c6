// Promises the pids of a process and of all its descendants at this moment, parents first. PostgreSQL serves every
// connection from a child in a session of its own, so stopping the process group would leave those answering.
import { spawnSync } from "node:child_process";

export function processTree(rootPid: number): readonly number[] {
  const childrenOf = readChildren();
  const tree: number[] = [rootPid];
  for (const pid of tree) tree.push(...(childrenOf.get(pid) ?? []));
  return tree;
}

/** Those that still run; one that has ended and waits for its parent to be told does not. */
export function livingOf(pids: readonly number[]): readonly number[] {
  if (pids.length === 0) return [];
  const { stdout } = spawnSync("ps", ["-o", "pid=,stat=", "-p", pids.join(",")], { encoding: "utf8" });
  return stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([pid = "", stat = "Z"]) => (stat.startsWith("Z") ? [] : [Number(pid)]));
}

function readChildren(): Map<number, number[]> {
  const listing = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  if (listing.status !== 0) throw new Error("`ps -A -o pid=,ppid=` failed: install procps to pause a part.");
  const childrenOf = new Map<number, number[]>();
  for (const line of listing.stdout.trim().split("\n")) {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    if (pid === undefined || parent === undefined) continue;
    const siblings = childrenOf.get(parent);
    if (siblings === undefined) childrenOf.set(parent, [pid]);
    else siblings.push(pid);
  }
  return childrenOf;
}
