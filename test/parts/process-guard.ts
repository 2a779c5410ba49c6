// Promises that no part outlives the process that started it, however that process ends: SIGKILL and a crash in the
// native client included, where no handler of ours runs.
//
// One shell is started beside the first part, in a session of its own so that Ctrl-C does not reach it, with its
// standard input a pipe that only this process holds. It is told after every change which parts run. When the pipe
// closes, this process is gone: the shell signals what is left, waits, kills, and removes the folders.
import type { FileSink, Subprocess } from "bun";

export interface GuardedProcess {
  /** Leader of a process group of its own; the whole group is signalled. */
  readonly pid: number;
  /** `QUIT` lets PostgreSQL give back its shared memory; three seconds later everything is killed anyway. */
  readonly signal: "QUIT" | "KILL";
  /** Removed when the process is gone. */
  readonly directory: string;
}

const guardScript = `
trap '' INT TERM HUP
guarded=
set -f
while IFS= read -r line; do guarded=$line; done
IFS='|'
set -- $guarded
each() {
  action=$1; shift
  while [ $# -ge 3 ]; do "$action" "$1" "$2" "$3"; shift 3; done
}
ask() { kill -s CONT -- "-$1"; kill -s "$2" -- "-$1"; }
still() { if kill -s 0 -- "-$1"; then alive=1; fi; }
end() { kill -s KILL -- "-$1"; rm -rf -- "$3"; }
each ask "$@"
tries=0
while [ $tries -lt 30 ]; do
  alive=0; each still "$@"
  if [ $alive = 0 ]; then break; fi
  tries=$((tries + 1)); sleep 0.1
done
each end "$@"
`;

const guarded = new Map<number, GuardedProcess>();
let guard: Subprocess<"pipe", "ignore", "ignore"> | undefined;

/** From now on the process dies with this one. Call it right after the spawn. */
export function guardProcess(entry: GuardedProcess): void {
  guarded.set(entry.pid, entry);
  tellGuard();
}

/** Takes the promise back: the process is gone, or is about to be replaced. */
export function releaseProcess(pid: number): void {
  if (guarded.delete(pid)) tellGuard();
}

function tellGuard(): void {
  guard ??= startGuard();
  const line = [...guarded.values()]
    .flatMap(({ pid, signal, directory }) => [pid, signal, directory])
    .join("|");
  const pipe: FileSink = guard.stdin;
  void pipe.write(`${line}\n`);
  void pipe.flush();
}

function startGuard(): Subprocess<"pipe", "ignore", "ignore"> {
  const shell = Bun.spawn(["sh", "-c", guardScript], {
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
    detached: true,
  });
  shell.unref();
  return shell;
}
