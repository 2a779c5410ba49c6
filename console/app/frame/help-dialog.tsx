// The keys that work at this moment, as the screens themselves say.
import { useState } from "react";
import { Dialog } from "../parts/dialog.tsx";
import { everywhere, presentHotkeys } from "./hotkeys.ts";

/** What holds here comes before what holds everywhere. */
function helpOrder<Scope extends { readonly title: string }>(scopes: readonly Scope[]): readonly Scope[] {
  const isGeneral = ({ title }: Scope) => title === everywhere;
  return [...scopes.filter((scope) => !isGeneral(scope)), ...scopes.filter(isGeneral)];
}

export function HelpDialog({ onClose }: { readonly onClose: () => void }) {
  const [scopes] = useState(() => helpOrder(presentHotkeys()));
  return (
    <Dialog title="Keys" onClose={onClose} className="help">
      {scopes.map(({ title, keys }) => (
        <section key={title}>
          <h3>{title}</h3>
          <dl className="keys">
            {keys.map(({ keys, about }) => (
              <div key={keys}>
                <dt>
                  {keys.split(" ").map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{about}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
