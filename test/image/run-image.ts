// Promises a program of the image as a container would run it: its own root, which it cannot write to, its user, and
// no variables but those given. Needs to be root, as in CI; the network is this machine's.
import { guardProcess, releaseProcess } from "../parts/process-guard.ts";
import type { BuiltImage } from "./build-image.ts";

export interface Container {
  /** What it has written so far, both streams. */
  output(): string;
  /** SIGTERM, as an orchestrator does; the exit code. */
  stop(): Promise<number>;
  readonly exited: Promise<number>;
}

/** Why containers cannot be run here; undefined where they can. */
export function whyNoContainers(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs root on Linux for mounts";
  const tried = Bun.spawnSync(["unshare", "--mount", "true"]);
  return tried.exitCode === 0 ? undefined : "may not make a mount namespace";
}

export function runContainer(
  { root, user, environment, workingDirectory, entrypoint }: BuiltImage,
  command: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Container {
  const [uid = "", gid = ""] = user.split(":");
  const steps = [
    "set -e",
    'mount --bind "$0" "$0"',
    'mount -o remount,bind,ro "$0"',
    'mount --rbind /dev "$0/dev"',
    'mount --rbind /proc "$0/proc"',
    'mount -t tmpfs -o mode=1777 tmpfs "$0/tmp"',
    // exec, so that signals reach the program itself.
    'exec unshare --root="$0" --wd="$1" --setuid="$2" --setgid="$3" "${@:4}"',
  ];
  const child = Bun.spawn(
    ["unshare", "--mount", "bash", "-c", steps.join("\n"), root, workingDirectory, uid, gid].concat(
      entrypoint,
      command,
    ),
    {
      cwd: "/",
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ...environment,
        ...settings,
      },
      detached: true,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  guardProcess({ pid: child.pid, signal: "KILL", directory: root });
  void child.exited.then(() => releaseProcess(child.pid));
  let output = "";
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) output += decoder.decode(chunk, { stream: true });
  };
  void collect(child.stdout);
  void collect(child.stderr);
  return {
    output: () => output,
    exited: child.exited,
    async stop() {
      child.kill("SIGTERM");
      return await child.exited;
    },
  };
}
