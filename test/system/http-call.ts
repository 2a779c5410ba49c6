// One HTTP call with its answer read, for suites that speak the documented dialects.

export interface HttpAnswer<Body> {
  readonly status: number;
  readonly body: Body;
}

/** Sends JSON and reads JSON; of what type it is, is the caller's claim, to be shown by what is expected of it. */
export async function callHttp<Body = unknown>(
  method: string,
  url: string,
  body?: unknown,
): Promise<HttpAnswer<Body>> {
  const response = await fetch(url, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const answer: Body = await response.json();
  return { status: response.status, body: answer };
}
