// Who looks at the console and what their role may do. The key itself is in a cookie that no script reads, this one included.
import { useQuery } from "@tanstack/react-query";
import { leastRoles, mayDo, withArticle, type Operation } from "../../../contract/access.ts";
import { sessionPath, sessionSchema, type Session } from "../../../contract/session.ts";
import { patientFetch } from "./order-client.ts";
import { ReadFailure } from "./trouble.ts";

export const sessionQueryKey = ["session"] as const;

export function useSession() {
  return useQuery({
    queryKey: sessionQueryKey,
    queryFn: ({ signal }) => askSession({ signal }),
    staleTime: Infinity,
  });
}

/** Undefined when the role may; else a sentence. Until it is known who looks, the service decides. */
export function useObjection(operation: Operation): string | undefined {
  const { data } = useSession();
  const caller = data?.caller ?? undefined;
  if (caller === undefined || mayDo(caller, operation)) return undefined;
  return `Your key '${caller.name}' is ${withArticle(caller.role)}'s: this needs ${withArticle(leastRoles[operation])}'s.`;
}

/** Undefined for a key that is not known here; rejects when that could not be found out. */
export async function signIn(key: string): Promise<Session | undefined> {
  const answer = await patientFetch(sessionPath, {
    method: "POST",
    body: JSON.stringify({ key }),
    headers: { "Content-Type": "application/json" },
  });
  return answer.status === 401 ? undefined : readSession(answer);
}

export function signOut(): Promise<Session> {
  return askSession({ method: "DELETE" });
}

async function askSession(init: RequestInit): Promise<Session> {
  return readSession(await patientFetch(sessionPath, init));
}

async function readSession(answer: Response): Promise<Session> {
  const body: unknown = await answer.json().catch(() => undefined);
  const read = sessionSchema.safeParse(body);
  if (answer.ok && read.success) return read.data;
  const said = answer.status === 429 ? "Too many wrong keys came from here: wait a minute" : undefined;
  const message = said ?? `${sessionPath} answered ${answer.status} and not what it promises`;
  throw new ReadFailure(message, answer.headers.get("x-request-id"));
}
