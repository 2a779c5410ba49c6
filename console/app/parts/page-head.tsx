// The first line of a screen: its one heading, what it is about, and what can be done with all of it. Names the browser's tab.
import { useEffect, type ReactNode } from "react";
import { Short } from "./text.tsx";
import { visibleText } from "../../model/visible-characters.ts";

interface PageHeadProps {
  readonly title: string;
  readonly about?: ReactNode;
  readonly children?: ReactNode;
}

export function PageHead({ title, about, children }: PageHeadProps) {
  useEffect(() => {
    document.title = `${visibleText(title)} · Orderwire`;
  }, [title]);
  return (
    <header className="page-head">
      <div>
        <h1 tabIndex={-1}>
          <Short text={title} length={128} />
        </h1>
        {about !== undefined && <p>{about}</p>}
      </div>
      {children !== undefined && <div className="page-actions">{children}</div>}
    </header>
  );
}
