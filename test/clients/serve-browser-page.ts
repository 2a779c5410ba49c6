// A page of its own origin that uses the packed client: the services are behind it, as behind a reverse proxy, because they
// let no other origin in.
import { join } from "node:path";
import type { OpenProduct } from "../system/open-product.ts";

export interface BrowserPage {
  readonly url: string;
  /** What the page has seen; rejects when it could not. */
  readonly told: Promise<unknown>;
  stop(): void;
}

/** `folder` has the installed package and the program. */
export function serveBrowserPage(product: OpenProduct, folder: string, orderId: string): BrowserPage {
  const told = Promise.withResolvers<unknown>();
  const services = { "/cart/": product.cartUrl, "/order/": product.orderUrl };
  const script = (path: string) =>
    new Response(Bun.file(join(folder, path)), { headers: { "content-type": "text/javascript" } });
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 60,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const behind = Object.entries(services).find(([prefix]) => pathname.startsWith(prefix));
      if (behind !== undefined) {
        const [prefix, target] = behind;
        return passOn(request, `${target}/${pathname.slice(prefix.length)}${search}`);
      }
      switch (pathname) {
        case "/client.js":
          return script("node_modules/@orderwire/client/client.js");
        case "/use-client.js":
          return script("use-client.js");
        case "/told":
          told.resolve(await request.json());
          return new Response(null, { status: 204 });
        case "/failed":
          told.reject(new Error(await request.text()));
          return new Response(null, { status: 204 });
        default:
          return new Response(page(orderId), { headers: { "content-type": "text/html" } });
      }
    },
  });
  return { url: server.url.href, told: told.promise, stop: () => void server.stop(true) };
}

async function passOn(request: Request, target: string): Promise<Response> {
  const headers = new Headers(request.headers);
  // The services are asked as themselves: the page's origin is this server's business.
  for (const name of ["host", "origin", "referer"]) headers.delete(name);
  const body = request.method === "GET" ? null : await request.arrayBuffer();
  return fetch(target, { method: request.method, headers, body, signal: request.signal });
}

function page(orderId: string): string {
  return `<!doctype html>
<script type="importmap">{"imports":{"@orderwire/client":"/client.js"}}</script>
<script type="module">
import { useClient } from "./use-client.js";
const here = location.origin;
useClient(here + "/cart", here + "/order", ${JSON.stringify(orderId)}).then(
  (seen) => fetch("/told", { method: "POST", body: JSON.stringify(seen) }),
  (error) => fetch("/failed", { method: "POST", body: String(error.stack) }),
);
</script>
`;
}
