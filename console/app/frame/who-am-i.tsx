// Whose key it is, what its role is, and the way out; nothing where no keys are needed.
import { useQueryClient } from "@tanstack/react-query";
import { sessionQueryKey, signOut, useSession } from "../data/access.ts";
import { Visible } from "../parts/text.tsx";

export function WhoAmI() {
  const queries = useQueryClient();
  const { data } = useSession();
  const caller = data?.caller ?? undefined;
  if (caller === undefined) return null;
  const leave = async () => {
    const session = await signOut().catch(() => undefined);
    if (session === undefined) return;
    queries.setQueryData(sessionQueryKey, session);
    // Nothing that was read stays for whoever signs in next.
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQueryKey[0] });
  };
  return (
    <p className="who-am-i">
      <span>
        <strong>
          <Visible text={caller.name} />
        </strong>{" "}
        <span className="role">{caller.role}</span>
      </span>
      <button type="button" onClick={() => void leave()}>
        Sign out
      </button>
    </p>
  );
}
