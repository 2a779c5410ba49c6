// What stands before the console where keys are needed: a question for one. Once answered, and until the cookie ends or the key is
// taken back, nothing of it is seen.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, type FormEvent, type ReactNode } from "react";
import { onKeyNeeded } from "../data/order-client.ts";
import { sessionQueryKey, signIn, useSession } from "../data/access.ts";
import { troubleOfQuestion, type Trouble } from "../data/trouble.ts";
import { formText } from "../parts/form-text.ts";
import { TroubleNotice } from "../parts/notice.tsx";
import { Visible } from "../parts/text.tsx";
import { environment } from "./environment.ts";

export function SignedIn({ children }: { readonly children: ReactNode }) {
  const queries = useQueryClient();
  const session = useSession();
  // Any answer may be the one that tells that the cookie has ended.
  useEffect(
    () => onKeyNeeded(() => void queries.invalidateQueries({ queryKey: sessionQueryKey })),
    [queries],
  );
  if (session.isPending) return null;
  if (session.data?.keysNeeded === true && session.data.caller === null) return <SignIn />;
  // Also when it could not be read: every screen says what is wrong, and asks again.
  return children;
}

function SignIn() {
  const queries = useQueryClient();
  const [state, setState] = useState<"asking" | "checking" | "unknown">("asking");
  const [trouble, setTrouble] = useState<Trouble>();
  const { name, tone } = environment();

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const key = formText(new FormData(event.currentTarget), "key").trim();
    if (key === "" || state === "checking") return;
    setState("checking");
    setTrouble(undefined);
    signIn(key).then(
      (session) => {
        if (session === undefined) return setState("unknown");
        queries.setQueryData(sessionQueryKey, session);
      },
      (error: unknown) => {
        setState("asking");
        setTrouble(troubleOfQuestion(error));
      },
    );
  };

  return (
    <main className="sign-in">
      <form onSubmit={submit} className="sign-in-card" aria-labelledby="sign-in-title">
        <div className={`environment tone-${tone}`}>
          <span className="brand">Orderwire</span>
          <span className="environment-name">
            <Visible text={name} />
          </span>
        </div>
        <h1 id="sign-in-title">Sign in with your key</h1>
        <p>
          Whoever runs this service makes one with <code>bun run keys</code>. It is kept for twelve hours, out
          of reach of any script.
        </p>
        <label className="field">
          <span>API key</span>
          <input
            name="key"
            type="password"
            required
            autoFocus
            autoComplete="current-password"
            spellCheck={false}
            placeholder="ow_…"
            aria-describedby={state === "unknown" ? "sign-in-problem" : undefined}
          />
        </label>
        {state === "unknown" && (
          <p id="sign-in-problem" className="not-allowed" role="alert">
            This key is not known here: check that it is whole, meant for this service, and was not taken
            back.
          </p>
        )}
        {trouble !== undefined && <TroubleNotice title="The key could not be checked" trouble={trouble} />}
        <footer className="dialog-foot">
          <button type="submit" className="usual" disabled={state === "checking"}>
            {state === "checking" ? "Checking…" : "Sign in"}
          </button>
        </footer>
      </form>
    </main>
  );
}
