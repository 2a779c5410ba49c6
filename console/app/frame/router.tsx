// The address is the state: screens and all filters are read from it, links are real links, and the browser's back works.
import { useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent } from "react";

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

/** Path and query, such as `/console/messages?q=x`. */
export function useAddress(): URL {
  const href = useSyncExternalStore(subscribe, () => location.href);
  return new URL(href);
}

interface Going {
  /** In place of the present address in the browser's history. */
  readonly replace?: boolean;
}

export function navigate(href: string, { replace = false }: Going = {}): void {
  if (replace) history.replaceState({ depth: depth() }, "", href);
  else {
    history.pushState({ depth: depth() + 1 }, "", href);
    window.scrollTo(0, 0);
  }
  for (const listener of listeners) listener();
}

/** To where the person came from, as long as that was inside the console. */
export function goBack(otherwise: string): void {
  if (depth() > 0) history.back();
  else navigate(otherwise);
}

/** How many addresses of the console lie behind this one. */
function depth(): number {
  const state: unknown = history.state;
  if (typeof state !== "object" || state === null || !("depth" in state)) return 0;
  return typeof state.depth === "number" ? state.depth : 0;
}

export function useParameter(name: string): readonly [string, (value: string, going?: Going) => void] {
  const address = useAddress();
  const set = (value: string, going: Going = {}) => {
    const next = new URL(location.href);
    if (value === "") next.searchParams.delete(name);
    else next.searchParams.set(name, value);
    navigate(next.pathname + next.search, going);
  };
  return [address.searchParams.get(name) ?? "", set];
}

/** A link that a new tab, a middle click and a screen reader take for one; a plain click stays on the page. */
export function Link({
  onClick,
  ...rest
}: AnchorHTMLAttributes<HTMLAnchorElement> & { readonly href: string }) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (event.defaultPrevented || !plain) return;
    event.preventDefault();
    navigate(rest.href);
  };
  return <a {...rest} onClick={follow} />;
}
