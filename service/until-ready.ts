import type { OpenService } from "./run-service.ts";

const pollIntervalMs = 20;

/** Resolves when all of them can do their work, or with false after `timeoutMs`: they go on trying by themselves. */
export async function untilReady(
  services: readonly Pick<OpenService, "ready">[],
  timeoutMs: number,
): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const answers = await Promise.all(services.map((service) => service.ready()));
    if (answers.every(Boolean)) return true;
    if (performance.now() > deadlineMs) return false;
    await Bun.sleep(pollIntervalMs);
  }
}
