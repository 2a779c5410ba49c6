// The console over HTTP: one page for all its screens, and the files that it names. Knows no order and no store; what it
// shows it asks of the contract, from the browser.
import { createConsoleBuild, type BuiltConsole, type ConsoleAsset } from "./build-console.ts";
import { consoleBase, readPlace } from "./model/screens.ts";
import { assetCaching, pageCaching, pageHeaders } from "./page-headers.ts";

export interface ConsoleOptions {
  /** Shown on every screen; without it the browser shows the host. */
  readonly environment?: string | undefined;
  /** Default: built from the sources when it is first asked for. */
  readonly build?: () => Promise<BuiltConsole>;
}

const assetsBase = `${consoleBase}/assets/`;
const plain = { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" };

/** For every path below `/console`. Rejects only when the console cannot be built. */
export function createConsole({ environment, build = createConsoleBuild() }: ConsoleOptions = {}): (
  request: Request,
) => Promise<Response> {
  return async (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return answer(405, "The console is read with GET\n", { ...plain, Allow: "GET, HEAD" });
    }
    const { pathname } = new URL(request.url);
    const built = await build();
    if (pathname.startsWith(assetsBase)) {
      const asset = built.assets.get(pathname.slice(assetsBase.length));
      if (asset === undefined) return answer(404, "There is no such file\n", plain);
      return assetAnswer(asset, request);
    }
    // The frame also around a path that no screen has: it says so, and shows the ways on.
    const known = readPlace(pathname) !== undefined;
    return answer(known ? 200 : 404, page(built, environment), {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": pageCaching,
    });
  };
}

function assetAnswer({ type, bytes, gzipped }: ConsoleAsset, request: Request): Response {
  const takesGzip = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
  return answer(200, takesGzip ? gzipped : bytes, {
    "Content-Type": type,
    "Cache-Control": assetCaching,
    Vary: "Accept-Encoding",
    ...(takesGzip ? { "Content-Encoding": "gzip" } : {}),
  });
}

function answer(
  status: number,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>>,
): Response {
  return new Response(body, { status, headers: { ...pageHeaders, ...headers } });
}

function page({ themeScript, script, stylesheet, icon }: BuiltConsole, environment = ""): string {
  return `<!doctype html>
<html lang="en" data-environment="${attributeText(environment)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Orderwire</title>
<link rel="icon" href="${assetsBase}${icon}" type="image/svg+xml">
<script src="${assetsBase}${themeScript}"></script>
<link rel="stylesheet" href="${assetsBase}${stylesheet}">
<script type="module" src="${assetsBase}${script}"></script>
</head>
<body><div id="console"></div><noscript>The console needs JavaScript. The same answers are at /ops/dead-letters, /ops/parked and /ops/audit.</noscript></body>
</html>
`;
}

function attributeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
