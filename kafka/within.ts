/** Undefined when the time was over first. */
export function within<Value>(timeoutMs: number, promise: Promise<Value>): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), timeoutMs);
    const stop = (): void => clearTimeout(timer);
    promise.then(resolve, reject).then(stop, stop);
  });
}
