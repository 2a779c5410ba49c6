/** Asks until it is true, at most ten seconds; then the last answer is told. */
export async function until(what: string, ask: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 10_000;
  while (!(await ask())) {
    if (Date.now() > deadlineMs) throw new Error(`it did not come true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
