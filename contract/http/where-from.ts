// Two questions that keep foreign pages out: is the service called by a name that it has (a page whose name was rebound to our
// address calls by its own), and is it called by a page of ours.
import type { Guards } from "./guards.ts";

/**
 * Addresses and `localhost` are never a rebound name: to call by an address, a page has to be of another origin, which the
 * second question finds. Browsers always send a host; what sends none is no browser.
 */
export function isAllowedHost(host: string | null, allowed: Guards["allowedHosts"]): boolean {
  if (host === null || allowed === "any") return true;
  const name = hostName(host);
  return name === "localhost" || name.endsWith(".localhost") || isAddress(name) || allowed.has(name);
}

/** In lower case, without port and without the dot that ends a full name. */
export function hostName(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
}

function isAddress(name: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || /^\[[0-9a-f:.]+\]$/.test(name);
}

export type Origin =
  /** No page, or one of our own. */
  | { readonly kind: "own" }
  /** A page that may, and has to be told so in CORS headers. */
  | { readonly kind: "allowed"; readonly origin: string }
  | { readonly kind: "foreign"; readonly origin: string };

const own: Origin = { kind: "own" };

/** A browser says whose page calls: always when the call may change something, and whenever it is another origin's. */
export function originOf({ headers }: Request, allowed: Guards["allowedOrigins"]): Origin {
  const origin = headers.get("origin");
  if (origin !== null) {
    if (allowed.has(origin)) return { kind: "allowed", origin };
    // Behind a proxy that ends TLS the schemes differ; the authority is what the page was loaded from.
    const authority = origin.slice(origin.indexOf("://") + 3);
    return origin.includes("://") && authority === headers.get("host") ? own : { kind: "foreign", origin };
  }
  return own;
}
