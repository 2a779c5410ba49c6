// What needs no key, and why. Everything else does, also what does not exist.

/** Numbers and names of paths; no order, no id, no payload. */
const openPaths: ReadonlySet<string> = new Set([
  // Where things are, as anyone can read in this repository.
  "/",
  "/openapi.json",
  // Probes of orchestrators and load balancers have no keys. `/health/detail` names causes: it needs one.
  "/health",
  "/health/live",
  "/health/ready",
  "/health/serving",
  // A monitor that had a key could read every dead letter with it.
  "/metrics",
  // Tells who one is, and takes the key of a browser that has none yet.
  "/session",
]);

/** Pages and their files, the same for everybody: what they show they ask for, with a key. */
const openPrefixes = ["/console", "/docs"].map((path) => ({ path, below: `${path}/` }));

export function isOpenPath(path: string): boolean {
  if (openPaths.has(path)) return true;
  return openPrefixes.some((prefix) => path === prefix.path || path.startsWith(prefix.below));
}
