// The one way to order: its typed client, on the origin that served the page. No answer within twelve seconds is no answer.
import { createOrderClient } from "../../../contract/client.ts";

const answersWithinMs = 12_000;

export const orderClient = createOrderClient(location.origin, { fetch: patientFetch });

/** `fetch` that gives up. */
export async function patientFetch(url: string | URL | Request, init?: RequestInit): Promise<Response> {
  const limit = AbortSignal.timeout(answersWithinMs);
  const given = init?.signal;
  const signal = given === undefined || given === null ? limit : AbortSignal.any([given, limit]);
  const answer = await fetch(url, { ...init, signal });
  if (answer.status === 401) for (const listener of refused) listener();
  return answer;
}

const refused = new Set<() => void>();

/** Calls back when an answer says that a key is needed; the answer stops it. */
export function onKeyNeeded(listener: () => void): () => void {
  refused.add(listener);
  return () => void refused.delete(listener);
}
