// The one way to order: its typed client, on the origin that served the page. No answer within twelve seconds is no answer.
import { createOrderClient } from "../../../contract/client.ts";

const answersWithinMs = 12_000;

export const orderClient = createOrderClient(location.origin, { fetch: patientFetch });

/** `fetch` that gives up. */
export function patientFetch(url: string | URL | Request, init?: RequestInit): Promise<Response> {
  const limit = AbortSignal.timeout(answersWithinMs);
  const given = init?.signal;
  const signal = given === undefined || given === null ? limit : AbortSignal.any([given, limit]);
  return fetch(url, { ...init, signal });
}
