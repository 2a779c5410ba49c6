// Promises the lives of a simulator with a mutant loaded, in a process of its own, and what they showed. Without a mutant the same
// lives have to go well, or what they say of one is worth nothing.
import { join } from "node:path";
import type { World } from "./mutant.ts";

export interface Lived {
  readonly lives: number;
  /** Of the first life that broke a promise. */
  readonly violation: string | undefined;
}

export interface SimulatorOptions {
  readonly mutant: string | undefined;
  readonly world: World;
  readonly seeds: number;
  readonly from: number;
}

/** A mutant may make a life endless, which is no sentence of a checker: then the run fails. */
const endsWithinMs = 60_000;

export async function runSimulator({ mutant = "", world, seeds, from }: SimulatorOptions): Promise<Lived> {
  const child = Bun.spawn(
    [
      process.execPath,
      "--preload",
      join(import.meta.dirname, "preload.ts"),
      join(import.meta.dirname, "live-seeds.ts"),
      "--world",
      world,
      "--seeds",
      String(seeds),
      "--from",
      String(from),
    ],
    { env: { ...process.env, MUTANT: mutant }, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  );
  const timer = setTimeout(() => child.kill("SIGKILL"), endsWithinMs);
  const [output, errors, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  clearTimeout(timer);
  if (exitCode !== 0) {
    const how =
      child.signalCode === null ? `exit code ${exitCode}` : `no end within ${endsWithinMs / 1000} s`;
    throw new Error(`the simulator (${world}) with ${mutant || "no mutant"}: ${how}\n${errors.slice(-2000)}`);
  }
  const { lives, violation }: Lived = JSON.parse(output.trimEnd().split("\n").at(-1) ?? "");
  return { lives, violation };
}
