// A URL's query as an object of strings. A parameter given twice is refused: two proxies rarely agree on which one
// counts. So is percent-encoding that is not UTF-8.
import { invalidRequest, type ContractFailure } from "../errors.ts";
import { failed, success, type Result } from "../result.ts";

export function readQuery(url: string): Result<Record<string, string>, ContractFailure> {
  const start = url.indexOf("?");
  if (start === -1) return success({});
  const end = url.indexOf("#", start);
  const parameters = new Map<string, string>();
  for (const pair of url.slice(start + 1, end === -1 ? undefined : end).split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals));
    const value = decoded(equals === -1 ? "" : pair.slice(equals + 1));
    if (name === undefined || value === undefined) {
      return failed(invalidRequest(["The query is not valid percent-encoded UTF-8"]));
    }
    if (parameters.has(name)) {
      return failed(
        invalidRequest([`Parameter ${JSON.stringify(name.slice(0, 64))} was given more than once`]),
      );
    }
    parameters.set(name, value);
  }
  // Own properties whatever their names are, `__proto__` included.
  return success(Object.fromEntries(parameters));
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
