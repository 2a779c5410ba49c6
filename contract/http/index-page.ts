// What `/` says: where things are. JSON for programs, and for a browser a page of links with nothing in it that runs.
import { z } from "zod";
import { commonHeaders, jsonAnswer } from "./answers.ts";

export const indexSchema = z
  .object({
    service: z.enum(["cart", "order"]),
    title: z.string(),
    /** Paths by what is there. */
    links: z.record(z.string(), z.string()),
    trpc: z.string(),
    routes: z.array(z.object({ method: z.string(), path: z.string(), summary: z.string() })),
  })
  .meta({ id: "Index" });
export type Index = z.infer<typeof indexSchema>;

/** The page for who asks for one, as browsers do; JSON for everyone else, `curl` among them. */
export function indexAnswer(index: Index, request: Request, requestId: string): Response {
  const headers = { Vary: "Accept" };
  if (!wantsPage(request.headers)) return jsonAnswer(200, index, requestId, headers);
  return new Response(indexPage(index), {
    status: 200,
    headers: { ...commonHeaders(requestId), ...headers, ...pageHeaders },
  });
}

/** A quoted preference is honoured as far as naming goes: `text/html` before any JSON. */
function wantsPage(headers: Headers): boolean {
  const types = (headers.get("accept") ?? "").split(",").map((type) => type.split(";", 1)[0]?.trim());
  const page = types.indexOf("text/html");
  const json = types.indexOf("application/json");
  return page !== -1 && (json === -1 || page < json);
}

const pageHeaders = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy":
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
} as const;

function indexPage({ title, links, routes }: Index): string {
  const linked = Object.entries(links).map(
    ([name, path]) => `<li><a href="${text(path)}">${text(name)}</a> <code>${text(path)}</code></li>`,
  );
  const listed = routes.map(
    ({ method, path, summary }) =>
      `<tr><td><code>${text(method)} ${text(path)}</code></td><td>${text(summary)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${text(title)}</title>
</head>
<body>
<h1>${text(title)}</h1>
<ul>
${linked.join("\n")}
</ul>
<table>
<tbody>
${listed.join("\n")}
</tbody>
</table>
</body>
</html>
`;
}

function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
