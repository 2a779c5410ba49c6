// Where a key comes in a request: `Authorization: Bearer`, `X-Api-Key`, or the cookie of a browser that signed in.

export const sessionCookie = "orderwire_session";

/** Undefined when there is none; an Authorization of another scheme is none of ours. */
export function presentedKey(headers: Headers): string | undefined {
  const authorization = headers.get("authorization");
  if (authorization !== null) {
    const bearer = /^bearer +(\S+) *$/i.exec(authorization);
    if (bearer !== null) return bearer[1];
  }
  return headers.get("x-api-key") ?? cookieOf(headers);
}

function cookieOf(headers: Headers): string | undefined {
  const cookies = headers.get("cookie");
  if (cookies === null) return undefined;
  for (const cookie of cookies.split(";")) {
    const equals = cookie.indexOf("=");
    if (cookie.slice(0, equals).trim() === sessionCookie) return cookie.slice(equals + 1).trim();
  }
  return undefined;
}

/** What a header, a cookie and a line of a file can carry unchanged. */
export const keyPattern = /^[A-Za-z0-9_-]{20,200}$/;

/**
 * HttpOnly: no script reads it, ours included. SameSite=Strict: no other site's page sends it. Twelve hours, or until the browser
 * ends: a shift.
 */
export function sessionCookieField(key: string, secure: boolean): string {
  return `${sessionCookie}=${key}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${12 * 60 * 60}${secure ? "; Secure" : ""}`;
}

export const endedSessionField = `${sessionCookie}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`;
