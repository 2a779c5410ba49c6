// Named places at which a fault test lets the process die: between two steps whose order is a promise. In any other run
// reaching one does nothing.
import type { Settings } from "../../service/settings.ts";

export type CrashPoint = NonNullable<Settings["CRASH_AT"]>;
export type ReachCrashPoint = (point: CrashPoint) => void;

/** SIGKILL, so that nothing is tidied up. */
export function crashAt(chosen: CrashPoint | undefined): ReachCrashPoint {
  if (chosen === undefined) return () => undefined;
  return (point) => {
    if (point === chosen) process.kill(process.pid, "SIGKILL");
  };
}
