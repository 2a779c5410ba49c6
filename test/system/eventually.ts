/**
 * Asks again until `check` stops throwing, and throws its last error when `timeoutMs` have passed: for what becomes true
 * on the other side of a broker. Polls every 10 ms.
 */
export async function eventually<Value>(check: () => Promise<Value>, timeoutMs = 15_000): Promise<Value> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
      await Bun.sleep(10);
    }
  }
}
