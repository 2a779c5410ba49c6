// What a person chose, kept by the browser and known to every component at once. A browser without storage forgets it at
// the end of the page, and nothing else happens.
import { useSyncExternalStore } from "react";

export interface Stored<Value> {
  readonly read: () => Value;
  readonly write: (value: Value) => void;
  readonly subscribe: (listener: () => void) => () => void;
}

/** `parse` takes whatever lies there, also of another version, and gives something usable. */
export function createStored<Value>(name: string, parse: (text: string | null) => Value): Stored<Value> {
  const key = `orderwire.${name}`;
  const listeners = new Set<() => void>();
  let value = parse(readItem(key));
  window.addEventListener("storage", (event) => {
    if (event.key !== key) return;
    value = parse(event.newValue);
    for (const listener of listeners) listener();
  });
  return {
    read: () => value,
    write(next) {
      value = next;
      writeItem(key, typeof next === "string" ? next : JSON.stringify(next));
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useStored<Value>(stored: Stored<Value>): Value {
  return useSyncExternalStore(stored.subscribe, stored.read);
}

function readItem(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function writeItem(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // Full, or forbidden: it holds for this page.
  }
}
