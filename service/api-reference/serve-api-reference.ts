// The OpenAPI document as a page, at /docs: Scalar's viewer, from this origin alone. Nothing is asked of any other host: no
// fonts, no proxy, no telemetry, and the page's policy would not let it.
import { existsSync } from "node:fs";
import { viewerPath } from "./fetch-viewer.ts";

const base = "/docs";
const viewerScript = `${base}/viewer.js`;
const prepareScript = `${base}/prepare.js`;
const startScript = `${base}/start.js`;

// The viewer writes its style sheets and inline styles itself, without a nonce; scripts are files of this origin.
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const commonHeaders = {
  "Content-Security-Policy": policy,
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-cache",
} as const;

export interface ApiReferenceOptions {
  readonly title: string;
  /** The viewer's file; without it the page says so, and where the document is. Default: the one that was fetched. */
  readonly viewer?: string;
}

/** For every path below `/docs`. */
export function createApiReference({
  title,
  viewer = viewerPath(),
}: ApiReferenceOptions): (request: Request) => Promise<Response> {
  const script = scriptOnce(viewer);
  return async (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return answer(405, "text/plain", "The page is read with GET\n", { Allow: "GET, HEAD" });
    }
    switch (new URL(request.url).pathname) {
      case base:
        return answer(200, "text/html", existsSync(viewer) ? page(title) : plainPage(title));
      case prepareScript:
        return answer(200, "text/javascript", prepare);
      case startScript:
        return answer(200, "text/javascript", start);
      case viewerScript:
        if (!existsSync(viewer)) return answer(404, "text/plain", "The viewer was not fetched\n");
        return scriptAnswer(await script(), request);
      default:
        return answer(404, "text/plain", `There is nothing at this path; ${base} is the page\n`);
    }
  };
}

interface Script {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
  readonly etag: string;
}

/** Read when it is first asked for: a start does not pay for it. */
function scriptOnce(path: string): () => Promise<Script> {
  let script: Promise<Script> | undefined;
  return () => {
    script ??= Bun.file(path)
      .bytes()
      .then((bytes) => ({
        bytes,
        gzipped: Bun.gzipSync(bytes),
        etag: `"${Bun.hash(bytes).toString(36)}"`,
      }));
    return script;
  };
}

function scriptAnswer({ bytes, gzipped, etag }: Script, request: Request): Response {
  const headers = { ETag: etag, Vary: "Accept-Encoding" };
  if (request.headers.get("if-none-match") === etag) {
    return new Response(null, { status: 304, headers: { ...commonHeaders, ...headers } });
  }
  const takesGzip = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
  const encoding = takesGzip ? { "Content-Encoding": "gzip" } : {};
  return answer(200, "text/javascript", takesGzip ? gzipped : bytes, { ...headers, ...encoding });
}

function answer(
  status: number,
  type: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(body, {
    status,
    headers: { ...commonHeaders, "Content-Type": `${type}; charset=utf-8`, ...headers },
  });
}

const configuration = {
  url: "/openapi.json",
  proxyUrl: "",
  telemetry: false,
  withDefaultFonts: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: "never",
  hideClientButton: true,
  persistAuth: false,
  metaData: {},
};

// The viewer's zod would try once whether it may make code of strings, and the policy's refusal is reported as an attack.
const prepare = "globalThis.__zod_globalConfig = { jitless: true };\n";
const start = `Scalar.createApiReference("#reference", ${JSON.stringify(configuration)});\n`;

function page(title: string): string {
  return document(
    title,
    `<div id="reference"></div>
<script src="${prepareScript}"></script>
<script src="${viewerScript}"></script>
<script src="${startScript}"></script>
<noscript>This page needs JavaScript. The same is at <a href="/openapi.json">/openapi.json</a>.</noscript>`,
  );
}

function plainPage(title: string): string {
  return document(
    title,
    `<h1>${title}</h1>
<p>The API is described at <a href="/openapi.json">/openapi.json</a>, and <a href="/">/</a> lists its paths.</p>
<p>The viewer that belongs here was not fetched: <code>bun service/api-reference/fetch-viewer.ts</code> gets it from the npm registry.</p>`,
  );
}

function document(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
</head>
<body>
${body}
</body>
</html>
`;
}
