// Keys that work wherever nobody is typing. A screen says which ones it takes, the help lists exactly those, and the one
// that was mounted last is asked first, those of the frame after all others.
import { useEffect, useRef } from "react";

export interface Hotkey {
  /** As `KeyboardEvent.key`, or `g o` for one after the other. */
  readonly keys: string;
  readonly about: string;
  /** Left out for what the browser does by itself, such as Enter on a link. */
  readonly run?: () => void;
}

interface Scope {
  readonly title: string;
  keys: readonly Hotkey[];
}

/** Holds on every screen, as far as no screen has another use for a key. */
export const everywhere = "Everywhere";

const scopes: Scope[] = [];
const sequenceWithinMs = 1200;

export function useHotkeys(title: string, keys: readonly Hotkey[]): void {
  const scope = useRef<Scope>({ title, keys });
  scope.current.keys = keys;
  useEffect(() => {
    const { current } = scope;
    scopes.push(current);
    return () => {
      scopes.splice(scopes.indexOf(current), 1);
    };
  }, []);
}

/** What works at this moment, for the help. */
export function presentHotkeys(): readonly Readonly<Scope>[] {
  return scopes.filter(({ keys }) => keys.length > 0);
}

/** Listens on the page until the answer is called. */
export function listenForHotkeys(): () => void {
  let first = "";
  let firstAtMs = 0;
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]") !== null) return;
    const { target } = event;
    if (target instanceof HTMLElement && isField(target)) {
      if (event.key === "Escape") target.blur();
      return;
    }
    const sequence = event.timeStamp - firstAtMs < sequenceWithinMs ? `${first} ${event.key}` : event.key;
    first = event.key;
    firstAtMs = event.timeStamp;
    const run = runnerOf(sequence) ?? runnerOf(event.key);
    if (run === undefined) return;
    event.preventDefault();
    run();
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}

function runnerOf(keys: string): (() => void) | undefined {
  for (const { keys: bound } of scopes.toReversed().toSorted(generalLast)) {
    const found = bound.find((hotkey) => hotkey.keys === keys && hotkey.run !== undefined);
    if (found !== undefined) return found.run;
  }
  return undefined;
}

/** On a fresh page the frame is mounted after the screen that is in it, and still gives way to it. */
function generalLast(left: Scope, right: Scope): number {
  return Number(left.title === everywhere) - Number(right.title === everywhere);
}

function isField(element: HTMLElement): boolean {
  if (element.isContentEditable || element instanceof HTMLTextAreaElement) return true;
  if (element instanceof HTMLSelectElement) return true;
  return element instanceof HTMLInputElement && element.type !== "checkbox" && element.type !== "radio";
}
