// A port whose every call is timed, and otherwise the very same one: what is observed needs to know nothing of it.

/** `area` is empty for the port itself, else the name of its part. `error` is undefined for a call that went well. */
export type OnCall = (area: string, operation: string, durationMs: number, error: unknown) => void;

/** Parts of the port that are ports themselves are observed as well; calls that answer no promise are not. */
export function observeCalls<Port extends object>(port: Port, onCall: OnCall, area = ""): Port {
  const seen = new Map<string, unknown>();

  function observed(name: string, value: unknown): unknown {
    if (typeof value === "function") {
      return (...values: unknown[]): unknown => {
        const startedAtMs = performance.now();
        const answer: unknown = Reflect.apply(value, port, values);
        if (!(answer instanceof Promise)) return answer;
        const end = (error: unknown) => onCall(area, name, performance.now() - startedAtMs, error);
        answer.then(() => end(undefined), end);
        return answer;
      };
    }
    return typeof value === "object" && value !== null ? observeCalls(value, onCall, name) : value;
  }

  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof name !== "string") return value;
      if (!seen.has(name)) seen.set(name, observed(name, value));
      return seen.get(name);
    },
  });
}
